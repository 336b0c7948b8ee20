"""The textual prompt: class names x templates -> sentences -> CLIP's text tower (section 3.3)."""

from collections.abc import Sequence

import torch
from mmaction.registry import MODELS
from mmengine.model import BaseModule
from torch import Tensor

from ..utils import build_clip, get_tokenizer, output_width
from .label_names import read_labels
from .prompt_templates import read_templates
from .tokens import allow_trimmed_tokens, is_trimmable, tokenize, trim

# Sentences encoded at once when no gradient is needed; bounds memory for large label lists.
CHUNK = 512


@MODELS.register_module()
class TextPromptLabelEncoder(BaseModule):
    """Encodes every class with every template by the text tower of an open_clip model.

    Args:
        labels: Class names in id order, or the path of a label file.
        templates: Preset name, file or list of templates. Defaults to ``'actionclip16'``.
        arch: open_clip model name or model-config dict; its text tower is used.
        pretrained: open_clip tag, path of a weight file, or None for random weights.
        split_names: Whether joined class names are split into words. Defaults to True.

    Attributes:
        labels: The class names after splitting.
        out_channels (int): D, the width of the features.
        init_logit_scale (float): Logarithm of the scale that came with the weights.

    Raises:
        ValueError: Empty or duplicate labels, templates without ``{}``, unknown ``arch``.
        FileNotFoundError: A file that is not there.
    """

    def __init__(
        self,
        labels: str | Sequence[str],
        templates: str | Sequence[str] = 'actionclip16',
        arch: str | dict = 'ViT-B-16',
        pretrained: str | None = None,
        split_names: bool = True,
    ) -> None:
        super().__init__()
        self.split_names = split_names
        self.tokenizer = get_tokenizer(arch)
        self.set_labels(labels, templates)
        clip = build_clip(arch, pretrained)
        self.text = clip.get_submodule('text')
        self.out_channels = output_width(clip)
        self.init_logit_scale = float(clip.get_parameter('logit_scale').detach())
        self.trims_tokens = is_trimmable(self.text)
        if self.trims_tokens:
            allow_trimmed_tokens(self.text)
        self._cache: tuple[tuple, Tensor] | None = None

    def init_weights(self) -> None:
        """Does nothing: the constructor has loaded or drawn the weights."""

    def set_labels(
        self,
        labels: str | Sequence[str],
        templates: str | Sequence[str] | None = None,
    ) -> None:
        """Exchanges the classes, and the templates unless None."""
        self.labels = read_labels(labels, self.split_names)
        if templates is not None:
            self.templates = read_templates(templates)
        self.register_buffer('tokens', self._tokens_of_classes(), persistent=False)  # [P, C, L]
        self._cache = None

    @property
    def sentences(self) -> list[list[str]]:
        """The filled templates, [P][C]."""
        return [
            [template.replace('{}', label) for label in self.labels] for template in self.templates
        ]

    def tokenize(self, sentences: Sequence[str]) -> Tensor:
        """Token ids [B, L] of sentences, on the device of the tower."""
        return tokenize(self.tokenizer, sentences).to(self.tokens.device)

    def draw_tokens(self, labels: Tensor) -> Tensor:
        """One sentence per label with a template drawn at random, as in training.

        Args:
            labels: Class ids [B].

        Returns:
            Token ids [B, L].
        """
        templates = torch.randint(len(self.templates), labels.shape).to(labels.device)  # [B]
        return self.tokens[templates, labels]  # [B, L]

    def encode_tokens(self, tokens: Tensor) -> Tensor:
        """Token ids [B, L] to text features [B, D], not normalised."""
        return self.text(trim(tokens) if self.trims_tokens else tokens)

    def forward(self) -> Tensor:
        """Features of all classes under all templates, [P, C, D], not normalised.

        Without gradients they are kept until the weights, the labels or the mode change.
        """
        if torch.is_grad_enabled():
            return self._encode_classes(self.tokens.flatten(0, 1).split(CHUNK))
        state = self._state_of_weights()
        if self._cache is None or self._cache[0] != state:
            self._cache = (state, self._encode_classes(self.tokens.flatten(0, 1).split(CHUNK)))
        return self._cache[1]

    def train(self, mode: bool = True) -> 'TextPromptLabelEncoder':
        # Weights may have been exchanged behind autograd's back (weight averaging, loading), and
        # every such place calls train() or eval() before features are asked for again.
        self._cache = None
        return super().train(mode)

    def _tokens_of_classes(self) -> Tensor:
        flat = [sentence for row in self.sentences for sentence in row]
        tokens = tokenize(self.tokenizer, flat)  # [P·C, L]
        if hasattr(self, 'tokens'):
            tokens = tokens.to(self.tokens.device)
        return tokens.unflatten(0, (len(self.templates), len(self.labels)))  # [P, C, L]

    def _encode_classes(self, chunks: Sequence[Tensor]) -> Tensor:
        features = torch.cat([self.encode_tokens(chunk) for chunk in chunks])  # [P·C, D]
        return features.unflatten(0, (len(self.templates), len(self.labels)))  # [P, C, D]

    def _state_of_weights(self) -> tuple:
        """Changes whenever a weight is written in place or replaced, or autocast is switched."""
        weights = tuple((p.data_ptr(), p._version) for p in self.text.parameters())
        return torch.is_autocast_enabled(self.tokens.device.type), weights
