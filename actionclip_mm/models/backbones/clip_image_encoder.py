"""CLIP's image tower applied to every frame of a video (section 3.2, the visual encoder)."""

import torch
from mmaction.registry import MODELS
from mmengine.model import BaseModule
from torch import Tensor, nn

from ...clip import (
    DEFAULT_ARCH,
    arch_name,
    build_clip,
    freeze_stages,
    get_preprocess,
    output_width,
)
from ...clip.compiling import compiled
from ...clip.recompute import checkpoint_blocks, refuse_batch_norm
from ...features.keys import check_tower
from ...utils import check_positive
from ..lora import add_lora
from .base_tower_prompt import BaseTowerPrompt, build_tower_prompt


@MODELS.register_module()
class CLIPImageEncoder(BaseModule):
    """The image tower of any open_clip model as a video backbone.

    Args:
        arch: open_clip model name or model-config dict. Defaults to ``'ViT-B-16'``.
        pretrained: open_clip tag, path of a weight file, or None for random weights.
        visual_prompt: Config of a pre- or in-network visual prompt (``JointPrompt``,
            ``ShiftPrompt``), or None.
        frozen_stages: What is frozen: -1 (nothing, default), 0 (the stem), k (the stem and the
            first k blocks, or stages of a convolutional tower) or ``'all'``. A ``visual_prompt``
            inside learns in any case.
        with_cp: Whether to recompute activations of blocks in the backward pass (gradient
            checkpointing). Defaults to False.
        frame_chunk: Images encoded at once, None for all frames of a batch (default). Bounds
            memory without gradients and, under ``with_cp``, in training. With a ``visual_prompt``
            a multiple of T.
        compile: Whether ``torch.compile`` compiles the tower, for fixed shapes: True, or a dict of
            its options; see :class:`CompiledTower`. Defaults to False.
        channels_last: Whether frames and weights are stored with channels last, which convolutions
            (CLIP's ResNets) on a GPU prefer. Defaults to False.
        frame_features: Folder of this tower's features, which :meth:`forward` then takes instead of
            frames; see :func:`~actionclip_mm.features.configs.use_frame_features`. Defaults to
            None.
        lora: Arguments of :func:`add_lora`, which adapts a frozen tower; None for none.
        clip: The CLIP of ``arch`` and ``pretrained``, if :class:`CLIPRecognizer` has built it.

    Attributes:
        out_channels (int): D, the width of the features.
        preprocess: Pixel mean and std (in [0, 255]) and frame size that the tower was trained on.

    Raises:
        ValueError: Unknown ``arch``; weights that do not fit; a prompt that the tower does not
            support; blocks that cannot be frozen or recomputed; frames of a wrong size;
            ``frame_chunk`` with trainable BatchNorm or one that splits a video.
        FileNotFoundError: ``pretrained`` does not exist.
    """

    def __init__(
        self,
        arch: str | dict = DEFAULT_ARCH,
        pretrained: str | None = None,
        visual_prompt: dict | None = None,
        frozen_stages: int | str = -1,
        with_cp: bool = False,
        frame_chunk: int | None = None,
        compile: bool | dict = False,
        channels_last: bool = False,
        frame_features: str | None = None,
        lora: dict | None = None,
        clip: nn.Module | None = None,
    ) -> None:
        super().__init__()
        if clip is None:
            clip = build_clip(arch, pretrained, only='visual')
        self.visual = clip.get_submodule('visual')
        self.arch = arch_name(arch)
        self.preprocess = get_preprocess(clip, arch, pretrained)
        self.out_channels = output_width(clip)
        self._frozen = freeze_stages(self.visual, frozen_stages, 'backbone.frozen_stages')
        if lora is not None:
            add_lora(self.visual, 'backbone.lora', **lora)
        self.visual_prompt: BaseTowerPrompt | None = None
        if visual_prompt is not None:
            self.visual_prompt = build_tower_prompt(visual_prompt, self.visual)
        if with_cp:
            checkpoint_blocks(self.visual, 'backbone.with_cp')
        self.frame_chunk = frame_chunk
        if frame_chunk is not None:
            check_positive(frame_chunk, 'backbone.frame_chunk')
            refuse_batch_norm(self, 'backbone.frame_chunk')
        self._compiled = compiled(
            self.visual, compile, 'backbone.compile', pads=visual_prompt is None
        )
        self._layout = torch.channels_last if channels_last else torch.contiguous_format
        if channels_last:
            self.visual.to(memory_format=torch.channels_last)
        self.frame_features = frame_features
        self._checked_features = False

    def init_weights(self) -> None:
        """Keep the weights of the constructor.

        mmengine would call ``init_weights`` of every child, and some towers have such a method.
        """

    def train(self, mode: bool = True) -> 'CLIPImageEncoder':
        super().train(mode)
        for module in self._frozen:
            module.eval()
        return self

    def forward(self, x: Tensor) -> Tensor:
        """Encode each frame.

        Args:
            x: Normalised frames [B, 3, T, H, W], or their features [B, T, D], which are returned.

        Returns:
            Frame features [B, T, D], not normalised; [B, 1, D] if a prompt joins the frames.
        """
        if x.dim() == 3 and self.frame_features is not None:
            if not self._checked_features:
                check_tower(self.frame_features, self)
                self._checked_features = True
            return x
        if x.dim() != 5 or x.shape[1] != 3:
            raise ValueError(
                f'{type(self).__name__} takes [B, 3, T, H, W], got {tuple(x.shape)}: set '
                "FormatShape and data_preprocessor.format_shape to 'NCTHW'."
            )
        if tuple(x.shape[-2:]) != self.preprocess.size:
            raise ValueError(
                f'{self.arch} takes frames of {_size(self.preprocess.size)} pixels, got '
                f'{_size(x.shape[-2:])}: set the scale of Resize and the crop in the pipeline.'
            )
        if self.visual_prompt is not None:
            self.visual_prompt.set_num_frames(x.shape[2])
        frames = x.transpose(1, 2).flatten(0, 1)  # [B·T, 3, H, W]
        features = self._encode(frames)  # [B·T, D], Joint: [B, D]
        return features.unflatten(0, (x.shape[0], -1))  # [B, T, D], Joint: [B, 1, D]

    def _encode(self, frames: Tensor) -> Tensor:
        tower = self._compiled or self.visual
        frames = frames.contiguous(memory_format=self._layout)
        if self.frame_chunk is None:
            return tower(frames)
        if self.visual_prompt is not None:
            self.visual_prompt.check_chunk(self.frame_chunk)
        return torch.cat([tower(chunk) for chunk in frames.split(self.frame_chunk)])


def _size(size) -> str:
    return ' x '.join(str(int(side)) for side in size)
