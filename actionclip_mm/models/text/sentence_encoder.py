"""Sentences to features: the text tower, with memory for what does not change (section 3.3)."""

from collections.abc import Callable, Iterable

import torch
from mmengine.dist import get_world_size
from mmengine.model import BaseModule
from torch import Tensor, nn

from ...clip import Arch, build_clip, freeze_stages, output_width
from ...clip.arch import SCHEMES
from ...clip.compiling import CompiledTower, compiled
from ...clip.recompute import checkpoint_blocks, in_micro_batches
from ...utils import check_positive
from ...utils.progress import with_progress
from ..load_hooks import before_loading
from ..lora import add_lora
from . import bank_on_disk
from .distinct_sentences import find_distinct
from .feature_memo import FeatureMemo
from .learnable_context import LearnableContext
from .text_bank import BankOptions
from .tokens import allow_trimmed_tokens, is_trimmable, trim
from .weights_state import digest_of_weights, precision_of, state_of_weights

# Sentences encoded at once when no gradient is needed; bounds memory for large label lists.
CHUNK = 256


class SentenceEncoder(BaseModule):
    """Base of the label encoder: token ids to features, without knowing labels.

    Args:
        micro_batch_size: See :class:`TextPromptLabelEncoder`.
        bank: See :class:`BankOptions`.

    Raises:
        ValueError: ``micro_batch_size`` is not positive; an unknown option of ``bank``.
    """

    text: nn.Module
    learns: bool
    trims_tokens: bool
    compiled_text: CompiledTower | None

    def __init__(self, micro_batch_size: int | None, bank: dict[str, bool] | None) -> None:
        super().__init__()
        if micro_batch_size is not None:
            check_positive(micro_batch_size, 'label_encoder.micro_batch_size')
        self.micro_batch_size = micro_batch_size
        self.bank_options = BankOptions.read(bank)
        self.context: LearnableContext | None = None
        self._frozen: list[nn.Module] = []
        self._memo = FeatureMemo()
        self._kept: tuple[tuple, dict[str, Tensor]] | None = None
        self._digest: tuple[tuple, str] | None = None
        self._has_weights = False  # random ones are not worth a file
        self._has_trained = False  # a training leaves no files
        before_loading(self, _note_weights)

    def build_tower(
        self,
        arch: Arch,
        pretrained: str | None,
        frozen_stages: int | str,
        with_cp: bool,
        clip: nn.Module | None,
        compile: bool | dict,
        lora: dict | None,
    ) -> None:
        """Set ``text`` and what is known about it; see :class:`TextPromptLabelEncoder`."""
        if clip is None:
            clip = build_clip(arch, pretrained, only='text')
        self.text = clip.get_submodule('text')
        self.out_channels = output_width(clip)
        self.init_logit_scale = float(clip.get_parameter('logit_scale').detach())
        self._frozen = freeze_stages(self.text, frozen_stages, 'label_encoder.frozen_stages')
        self.learns = frozen_stages != 'all' or lora is not None
        if lora is not None:
            add_lora(self.text, 'label_encoder.lora', **lora)
        if with_cp:
            checkpoint_blocks(self.text, 'label_encoder.with_cp')
        self.trims_tokens = is_trimmable(self.text)
        if self.trims_tokens:
            allow_trimmed_tokens(self.text)
        self.compiled_text = compiled(self.text, compile, 'label_encoder.compile')
        brings_weights = isinstance(arch, str) and arch.startswith(SCHEMES)
        self._has_weights = pretrained is not None or brings_weights

    @property
    def device(self) -> torch.device:
        """Where the tower computes."""
        return next(self.text.parameters()).device

    def encode_tokens(self, tokens: Tensor) -> Tensor:
        """Token ids [B, L] to text features [B, D], not normalised."""
        if torch.is_grad_enabled() and self.training:
            self._has_trained = True
        if self._keeps_nothing():
            return self._encode(tokens)
        weights = state_of_weights(self)
        return self._memo.get(tokens, self._encode, weights, precision_of(self.device))

    def encode_rows(self, tokens: Tensor) -> Tensor:
        """Features [P, C, D] of token ids [P, C, L], from the disk if they are there."""
        tokens = tokens.cpu()
        device = self.device
        if torch.is_grad_enabled() or not self._uses_disk(tokens[..., 0].numel()):
            return self._encode_all(tokens)
        state = self.state_of_weights()
        if self._digest is None or self._digest[0] != state:
            parts = [self.text] if self.context is None else [self.text, self.context]
            self._digest = (state, digest_of_weights(*parts))
        key = bank_on_disk.key_of(self._digest[1], tokens, state[0], device.type)
        features = bank_on_disk.load_or_compute(
            key, self.out_channels, lambda: self._encode_all(tokens)
        )
        return features.to(device)  # [P, C, D]

    def _encode_all(self, tokens: Tensor) -> Tensor:
        """Features [P, C, D] of token ids [P, C, L] on the CPU."""
        num_rows, num_classes = tokens.shape[:2]
        device = self.device
        classes = torch.arange(num_classes).repeat(num_rows)  # [P·C]
        flat = tokens.flatten(0, 1)  # [P·C, L]
        if self.bank_options.sort:
            by_class = self.context is not None and self.context.num_classes is not None
            rows, places = find_distinct(flat, classes if by_class else None, self.trims_tokens)
        else:
            rows = places = torch.arange(len(flat))
        features = []
        pieces = rows.split(CHUNK)
        steps: Iterable[Tensor] = pieces
        if not torch.is_grad_enabled():  # not in each step of a training
            steps = with_progress(pieces, f'encoding {len(flat)} sentences')
        for piece in steps:
            if self.context is not None:
                self.context.set_classes(classes[piece].to(device))
            part = trim(flat[piece]) if self.trims_tokens else flat[piece]
            features.append(self.encode_tokens(part.to(device)))
        encoded = torch.cat(features)[places.to(device)]  # [P·C, D]
        return encoded.unflatten(0, (num_rows, num_classes))  # [P, C, D]

    def keep(self, name: str, compute: Callable[[], Tensor]) -> Tensor:
        """A tensor of all classes, computed again when the weights have changed."""
        state = self.state_of_weights()
        if self._kept is None or self._kept[0] != state:
            self._kept = (state, {})
        kept = self._kept[1]
        if name not in kept:
            kept[name] = compute()
        return kept[name]

    def kept(self, name: str) -> Tensor | None:
        """What :meth:`keep` has computed within this state of the weights, or None."""
        return None if self._kept is None else self._kept[1].get(name)

    def forget(self, most: int) -> None:
        """Forget the tensors of all classes, and the oldest sentences beyond ``most``."""
        self._kept = None
        self._memo.shrink(most)

    def state_of_weights(self) -> tuple:
        """Changes whenever a weight is written in place or replaced, or autocast is switched."""
        return precision_of(self.device), state_of_weights(self)

    def train(self, mode: bool = True) -> 'SentenceEncoder':
        # Weights may have been replaced without autograd noticing (weight averaging, loading), and
        # every such place calls train() or eval() before features are asked for again.
        self._kept = self._digest = None
        if self.learns:
            self._memo.clear()
        super().train(mode)
        for module in self._frozen:
            module.eval()
        return self

    def _encode(self, tokens: Tensor) -> Tensor:
        # the length of tokens on a GPU is not asked for in training: that would stop the host
        in_training = torch.is_grad_enabled()
        keeps_length = self.compiled_text is not None or tokens.device.type != 'cpu'
        if self.trims_tokens and not (in_training and keeps_length):
            tokens = trim(tokens)
        # banks have sentences of many lengths, for each of which it would be compiled again
        text = self.compiled_text if in_training and self.compiled_text else self.text
        if self.micro_batch_size is None:
            return text(tokens)
        context = self.context
        classes = None if context is None or context.num_classes is None else context.classes
        if context is None or classes is None:
            return in_micro_batches(text, self.micro_batch_size, tokens)

        def encode(tokens: Tensor, classes: Tensor) -> Tensor:
            context.set_classes(classes)  # in both passes
            return text(tokens)

        return in_micro_batches(encode, self.micro_batch_size, tokens, classes)

    def _keeps_nothing(self) -> bool:
        """Whether each sentence is encoded every time: it has gradients or learned vectors."""
        if not self.learns:
            return False
        may_change = torch.is_grad_enabled() or self.training or not self.bank_options.reuse
        return may_change or self.context is not None

    def _uses_disk(self, num_sentences: int) -> bool:
        """Whether a bank may be read and written: trained or loaded weights, not in training."""
        return (
            self.bank_options.disk
            and bank_on_disk.is_enabled()
            and num_sentences >= bank_on_disk.FEWEST
            and self._has_weights
            and not self._has_trained
            and get_world_size() == 1  # processes that share a tower have to take turns
            and self.device.type != 'meta'
        )


def _note_weights(encoder: SentenceEncoder, *_: object) -> None:
    encoder._has_weights = True  # noqa: SLF001
