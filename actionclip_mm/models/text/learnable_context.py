"""Context vectors learned in the place of template words (CoOp, Zhou et al. 2022, eq. 2-3).

An option of ours, not of the paper.
"""

from typing import Any

import torch
from mmaction.registry import MODELS
from mmengine.model import BaseModule
from torch import Tensor, nn

from ...utils import check_positive

PLACEHOLDER = 'x'  # one token in CLIP's vocabulary; its embedding is replaced


@MODELS.register_module()
class LearnableContext(BaseModule):
    """Learned vectors after the start-of-text of every sentence.

    Sentences get ``num_context`` placeholder words in front, and a hook on the token embedding puts
    the vectors in their place; the tower itself is not rewritten.

    Args:
        text: The text tower, handed over by the label encoder.
        num_classes: C, handed over by the label encoder.
        num_context: Number of vectors. Defaults to 16.
        per_class: Whether each class has its own vectors; those serve no other classes. Defaults to
            False.

    Raises:
        ValueError: ``num_context`` is not positive or leaves no room for a label, or a tower that
            is not open_clip's own.
    """

    def __init__(
        self, text: Any, num_classes: int, num_context: int = 16, per_class: bool = False
    ) -> None:
        super().__init__()
        embedding = getattr(text, 'token_embedding', None)
        if not isinstance(embedding, nn.Embedding):
            raise ValueError(
                f'LearnableContext cannot work inside a {type(text).__name__}: set '
                "label_encoder.arch to a model with open_clip's own text tower, or context=None."
            )
        key = 'label_encoder.context.num_context'
        check_positive(num_context, key, 'set a number of vectors, or context=None')
        room = text.context_length - 3  # start and end of text, and one token of a label
        if num_context > room:
            raise ValueError(
                f'{key}={num_context} leaves no room for a label in the {text.context_length} '
                f'tokens of the text tower: set it to {room} or less.'
            )
        self.num_context = num_context
        self.num_classes = num_classes if per_class else None
        rows = num_classes if per_class else 1
        self.vectors = nn.Parameter(torch.empty(rows, num_context, embedding.embedding_dim))
        nn.init.normal_(self.vectors, std=0.02)
        self.classes: Tensor | None = None
        embedding.register_forward_hook(self._fill)

    def add_placeholders(self, sentence: str) -> str:
        """The sentence with room for the vectors in front."""
        return ' '.join([PLACEHOLDER] * self.num_context + [sentence])

    def set_classes(self, classes: Tensor) -> None:
        """Says which class each sentence of the next batch belongs to, [B]."""
        self.classes = classes

    def check_labels(self, old: tuple[str, ...], new: tuple[str, ...]) -> None:
        """Refuses other classes than those that the vectors were learned for."""
        if self.num_classes is not None and new != old:
            raise ValueError(
                f'The learned contexts belong to {self.num_classes} classes, one each, but '
                'other labels came: train with context.per_class=False to change labels.'
            )

    def _fill(self, module: nn.Module, args: tuple[Tensor], embedded: Tensor) -> Tensor:
        vectors = self.vectors.to(embedded.dtype)  # [1 or C, num_context, width]
        if self.num_classes is not None:
            vectors = vectors[self.classes]  # [B, num_context, width]
        vectors = vectors.expand(len(embedded), -1, -1)
        rest = embedded[:, 1 + self.num_context :]
        return torch.cat([embedded[:, :1], vectors, rest], dim=1)  # [B, L, width]
