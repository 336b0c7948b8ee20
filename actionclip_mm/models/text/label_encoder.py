"""The textual prompt: class names x templates -> sentences -> CLIP's text tower (section 3.3)."""

from collections.abc import Callable, Iterable, Mapping, Sequence

import torch
from mmaction.registry import MODELS
from mmengine.model import BaseModule
from torch import Tensor, nn

from ...clip import build_clip, freeze_stages, get_tokenizer, output_width
from ...clip.recompute import checkpoint_blocks, in_micro_batches
from ...utils import check_positive
from ...utils.label_names import read_labels
from ...utils.progress import with_progress
from .class_sentences import Prompts, fill_prompts, read_prompts
from .feature_memo import FeatureMemo
from .learnable_context import LearnableContext
from .text_bank import TextBank
from .tokens import (
    allow_trimmed_tokens,
    check_vocabulary,
    is_trimmable,
    tokenize,
    trim,
    unreadable_names,
)

# Sentences encoded at once when no gradient is needed; bounds memory for large label lists.
CHUNK = 512


@MODELS.register_module()
class TextPromptLabelEncoder(BaseModule):
    """Encodes every class with every template by the text tower of an open_clip model.

    Args:
        labels: Class names in id order, or the path of a label file.
        templates: Preset name, file or list of templates, or descriptions by class, see
            :func:`read_prompts`. Defaults to ``'actionclip16'``.
        arch: open_clip model name or model-config dict; its text tower is used. Defaults, in a
            :class:`CLIPRecognizer`, to the CLIP of the backbone.
        pretrained: open_clip tag, path of a weight file, or None for random weights. Defaults to
            that of the backbone if ``arch`` does.
        split_names: Whether joined class names are split into words. Defaults to True.
        context: Config of learned context vectors (``LearnableContext``), or None.
        frozen_stages: How much of the text tower does not learn: -1 (nothing, default), 0 (tokens
            and positions), k (and the first k blocks) or ``'all'``. Then each sentence is encoded
            only once, unless there is a ``context``.
        tokenizer: Folder with the tokenizer of a tower that has another one than CLIP's (SigLIP),
            if it cannot be downloaded. Defaults to the one that belongs to ``arch``.
        with_cp: Whether activations inside blocks are computed again in the backward pass instead
            of being kept. Defaults to False.
        micro_batch_size: Sentences of which activations are kept at once in training, None for all
            (default); see :func:`in_micro_batches`.
        clip: The CLIP of ``arch`` and ``pretrained``, if :class:`CLIPRecognizer` has built it.

    Attributes:
        labels: The class names after splitting.
        sentences: The sentences of each class, [C][P of that class].
        learns (bool): Whether anything of the encoder does.
        out_channels (int): D, the width of the features.
        init_logit_scale (float): Logarithm of the scale that came with the weights.

    Raises:
        ValueError: Empty or duplicate labels, templates without ``{}``, unknown ``arch``, blocks
            that the tower lacks or cannot recompute, a tokenizer that the tower was not made for.
        FileNotFoundError: A file that is not there.
    """

    labels: tuple[str, ...]
    prompts: Prompts
    sentences: list[list[str]]

    def __init__(
        self,
        labels: str | Sequence[str],
        templates: str | Sequence[str] | Mapping[str, Sequence[str]] = 'actionclip16',
        arch: str | dict | None = None,
        pretrained: str | None = None,
        split_names: bool = True,
        context: dict | None = None,
        frozen_stages: int | str = -1,
        tokenizer: str | Callable[..., Tensor] | None = None,
        with_cp: bool = False,
        micro_batch_size: int | None = None,
        clip: nn.Module | None = None,
    ) -> None:
        super().__init__()
        if arch is None:
            raise ValueError(
                'label_encoder.arch must be set to an open_clip model, unless the label encoder is '
                'in a CLIPRecognizer with a CLIPImageEncoder, whose CLIP it shares.'
            )
        if micro_batch_size is not None:
            check_positive(micro_batch_size, 'label_encoder.micro_batch_size')
        self.micro_batch_size = micro_batch_size
        self.split_names = split_names
        self.tokenizer = get_tokenizer(arch, tokenizer)
        self.context: LearnableContext | None = None
        self._memo = FeatureMemo()
        self.set_labels(labels, templates)
        if clip is None:
            clip = build_clip(arch, pretrained, only='text')
        self.text = clip.get_submodule('text')
        self.out_channels = output_width(clip)
        self.init_logit_scale = float(clip.get_parameter('logit_scale').detach())
        check_vocabulary(self.tokens, self.text)
        self._frozen = freeze_stages(self.text, frozen_stages, 'label_encoder.frozen_stages')
        self.learns = frozen_stages != 'all' or context is not None
        if with_cp:
            checkpoint_blocks(self.text, 'label_encoder.with_cp')
        self.trims_tokens = is_trimmable(self.text)
        if self.trims_tokens:
            allow_trimmed_tokens(self.text)
        if context is not None:
            self.context = MODELS.build(
                context, default_args=dict(text=self.text, num_classes=len(self.labels))
            )
            self._tokenize_classes()  # again, with room for the vectors
        self._cache: tuple[tuple, Tensor] | None = None

    def init_weights(self) -> None:
        """Does nothing: the constructor has loaded or drawn the weights."""

    def set_labels(
        self,
        labels: str | Sequence[str],
        templates: str | Sequence[str] | Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        """Exchanges the classes, and the templates unless None; nothing changes if they are bad."""
        names, prompts, sentences = self._read(labels, templates)
        self.labels, self.prompts, self.sentences = names, prompts, sentences
        self._tokenize_classes()
        self._cache = None
        self._memo.clear()

    def bank(
        self,
        labels: str | Sequence[str] | None = None,
        templates: str | Sequence[str] | Mapping[str, Sequence[str]] | None = None,
    ) -> TextBank:
        """Text features of other classes; the encoder keeps its own.

        Args:
            labels: Class names, or the path of a label file; None for those of the encoder.
            templates: As in the constructor; None for those of the encoder.
        """
        names, _, sentences = self._read(self.labels if labels is None else labels, templates)
        tokens, counts = self._tokenize(sentences)
        return TextBank(names, self._encode_rows(tokens), counts)

    def unreadable(self, names: Sequence[str]) -> list[str]:
        """Class names in a script that the tokenizer does not know."""
        return unreadable_names(self.tokenizer, names)

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
        counts = self.num_sentences.to(labels.device)[labels]  # [B]
        drawn = (torch.rand(labels.shape).to(labels.device) * counts).long()  # [B]
        if self.context is not None:
            self.context.set_classes(labels)
        return self.tokens[drawn, labels]  # [B, L]

    def encode_tokens(self, tokens: Tensor) -> Tensor:
        """Token ids [B, L] to text features [B, D], not normalised."""
        if self.learns:
            return self._encode(tokens)
        autocast, weights = self.state_of_weights()
        return self._memo.get(tokens, self._encode, weights, autocast)

    def forward(self) -> Tensor:
        """Features of all classes under all templates, [P, C, D], not normalised.

        Without gradients they are kept until the weights, the labels or the mode change.
        """
        if torch.is_grad_enabled():
            return self._encode_rows(self.tokens)
        state = self.state_of_weights()
        if self._cache is None or self._cache[0] != state:
            self._cache = (state, self._encode_rows(self.tokens))
        return self._cache[1]

    def train(self, mode: bool = True) -> 'TextPromptLabelEncoder':
        # Weights may have been replaced without autograd noticing (weight averaging, loading), and
        # every such place calls train() or eval() before features are asked for again.
        self._cache = None
        super().train(mode)
        for module in self._frozen:
            module.eval()
        return self

    def _read(
        self,
        labels: str | Sequence[str],
        templates: str | Sequence[str] | Mapping[str, Sequence[str]] | None,
    ) -> tuple[tuple[str, ...], Prompts, list[list[str]]]:
        """Class names, prompts and the sentences of each class."""
        names = read_labels(labels, self.split_names)
        prompts = self.prompts if templates is None else read_prompts(templates)
        if self.context is not None:
            self.context.check_labels(self.labels, names)
        return names, prompts, fill_prompts(names, prompts)

    def _tokenize_classes(self) -> None:
        """Set ``tokens`` [P, C, L] and ``num_sentences`` [C]."""
        tokens, counts = self._tokenize(self.sentences)
        self.register_buffer('tokens', tokens, persistent=False)
        self.register_buffer('num_sentences', counts, persistent=False)

    def _tokenize(self, sentences: list[list[str]]) -> tuple[Tensor, Tensor]:
        """Token ids [P, C, L] and the number of sentences of each class [C].

        P is the longest list of sentences; shorter ones are repeated, so that every row p holds a
        sentence of each class.
        """
        counts = [len(lines) for lines in sentences]
        rows = [[lines[p % len(lines)] for lines in sentences] for p in range(max(counts))]
        flat = [sentence for row in rows for sentence in row]
        if self.context is not None:
            flat = [self.context.add_placeholders(sentence) for sentence in flat]
        tokens = tokenize(self.tokenizer, flat).unflatten(0, (len(rows), -1))  # [P, C, L]
        device = self.tokens.device if hasattr(self, 'tokens') else None
        return tokens.to(device), torch.tensor(counts, device=device)

    def _encode(self, tokens: Tensor) -> Tensor:
        if self.trims_tokens:
            tokens = trim(tokens)
        if self.micro_batch_size is None:
            return self.text(tokens)
        context = self.context
        classes = None if context is None or context.num_classes is None else context.classes
        if context is None or classes is None:
            return in_micro_batches(self.text, self.micro_batch_size, tokens)

        def encode(tokens: Tensor, classes: Tensor) -> Tensor:
            context.set_classes(classes)  # in both passes
            return self.text(tokens)

        return in_micro_batches(encode, self.micro_batch_size, tokens, classes)

    def _encode_rows(self, tokens: Tensor) -> Tensor:
        """Features [P, C, D] of token ids [P, C, L]."""
        num_rows, num_classes = tokens.shape[:2]
        classes = torch.arange(num_classes, device=tokens.device).repeat(num_rows)  # [P·C]
        features = []
        flat = tokens.flatten(0, 1)  # [P·C, L]
        pieces = list(zip(flat.split(CHUNK), classes.split(CHUNK), strict=True))
        steps: Iterable = pieces
        if not torch.is_grad_enabled():  # not in each step of a training
            steps = with_progress(pieces, f'encoding {len(flat)} sentences')
        for piece, members in steps:
            if self.context is not None:
                self.context.set_classes(members)
            features.append(self.encode_tokens(piece))
        return torch.cat(features).unflatten(0, (num_rows, num_classes))  # [P, C, D]

    def state_of_weights(self) -> tuple:
        """Changes whenever a weight is written in place or replaced, or autocast is switched."""
        weights = tuple((p.data_ptr(), p._version) for p in self.parameters())  # noqa: SLF001
        one = torch.ones(1, 1, device=self.tokens.device)
        return (one @ one).dtype, weights  # torch before 2.4 has no question for one device
