"""The textual prompt: class names x templates -> sentences -> CLIP's text tower (section 3.3)."""

from collections.abc import Callable, Mapping, Sequence

import torch
from mmaction.registry import MODELS
from torch import Tensor, nn

from ...clip import get_tokenizer
from ...utils.label_names import read_labels
from .class_sentences import Prompts, fill_prompts, read_prompts
from .sentence_encoder import SentenceEncoder
from .text_bank import TextBank
from .tokens import check_vocabulary, tokenize, tokenize_classes, trim, unreadable_names

MOST_KEPT = 2**16  # sentences of earlier label lists that are kept


@MODELS.register_module()
class TextPromptLabelEncoder(SentenceEncoder):
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
        bank: Options of the text features of all classes, see :class:`BankOptions`; None for the
            defaults.
        compile: Whether ``torch.compile`` compiles the tower for training, where all batches have
            one shape: True, or a dict of its options. Defaults to False.
        lora: Arguments of :func:`add_lora`, which adapts a frozen tower; None for none.
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
        bank: dict[str, bool] | None = None,
        compile: bool | dict = False,
        lora: dict | None = None,
        clip: nn.Module | None = None,
    ) -> None:
        super().__init__(micro_batch_size, bank)
        if arch is None:
            raise ValueError(
                'label_encoder.arch must be set to an open_clip model, unless the label encoder is '
                'in a CLIPRecognizer with a CLIPImageEncoder, whose CLIP it shares.'
            )
        self.split_names = split_names
        self.tokenizer = get_tokenizer(arch, tokenizer)
        self.set_labels(labels, templates)
        self.build_tower(arch, pretrained, frozen_stages, with_cp, clip, compile, lora)
        check_vocabulary(self.tokens, self.text)
        self.learns = self.learns or context is not None
        if context is not None:
            self.context = MODELS.build(
                context, default_args=dict(text=self.text, num_classes=len(self.labels))
            )
            self._tokenize_classes()  # again, with room for the vectors

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
        self.forget(MOST_KEPT if self.bank_options.reuse else 0)

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
        return TextBank(names, self.encode_rows(tokens), counts.to(self.tokens.device))

    def unreadable(self, names: Sequence[str]) -> list[str]:
        """Class names in a script that the tokenizer does not know."""
        return unreadable_names(self.tokenizer, names)

    def tokenize(self, sentences: Sequence[str]) -> Tensor:
        """Token ids [B, L] of sentences, on the device of the tower.

        On a GPU L is that of the longest sentence.
        """
        tokens = tokenize(self.tokenizer, sentences)
        if self.trims_tokens and self.tokens.device.type != 'cpu':
            tokens = trim(tokens)
        return tokens.to(self.tokens.device, non_blocking=True)

    def draw_tokens(self, labels: Tensor) -> Tensor:
        """One sentence per label with a template drawn at random, as in training.

        Args:
            labels: Class ids [B].

        Returns:
            Token ids [B, L]. On a GPU L is that of the longest sentence of all classes, since the
            length of those drawn is not known without waiting for it.
        """
        counts = self.num_sentences.to(labels.device)[labels]  # [B]
        random = torch.rand(labels.shape).to(labels.device, non_blocking=True)  # [B]
        drawn = (random * counts).long()  # [B]
        if self.context is not None:
            self.context.set_classes(labels)
        tokens = self.tokens
        if self.trims_tokens and tokens.device.type != 'cpu':
            tokens = tokens[..., : self._longest]
        return tokens[drawn, labels]  # [B, L]

    def forward(self) -> Tensor:
        """Features of all classes under all templates, [P, C, D], not normalised.

        Without gradients they are kept until the weights, the labels or the mode change.
        """
        if torch.is_grad_enabled():
            return self.encode_rows(self.tokens)
        return self.keep('features', lambda: self.encode_rows(self.tokens))

    def directions(self, averaged: bool = False) -> Tensor:
        """Features of all classes at length 1, fp32, kept as :meth:`forward` keeps its own.

        Args:
            averaged: Whether to average the sentences of each class, see :func:`average_texts`.

        Returns:
            [P, C, D] without gradient, [1, C, D] if averaged.
        """

        def compute() -> Tensor:
            features = self.kept('features')
            if features is None:  # nor kept now: it would double the memory
                features = self.encode_rows(self.tokens)
            bank = TextBank(self.labels, features, self.num_sentences)
            return bank.mean_directions if averaged else bank.directions

        with torch.no_grad():
            return self.keep('means' if averaged else 'directions', compute)

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
        self._longest = int(tokens.argmax(dim=-1).max()) + 1
        device = self.tokens.device if hasattr(self, 'tokens') else None
        self.register_buffer('tokens', tokens.to(device), persistent=False)
        self.register_buffer('num_sentences', counts.to(device), persistent=False)

    def _tokenize(self, sentences: list[list[str]]) -> tuple[Tensor, Tensor]:
        if self.context is not None:
            add = self.context.add_placeholders
            sentences = [[add(sentence) for sentence in lines] for lines in sentences]
        return tokenize_classes(self.tokenizer, sentences)
