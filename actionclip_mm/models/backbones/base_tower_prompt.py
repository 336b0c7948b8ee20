"""Base class of visual prompts inside the image tower, which they hook into."""

from abc import abstractmethod
from typing import Any

from mmaction.registry import MODELS
from mmengine.model import BaseModule
from torch import nn

from ...clip import PatchDropout, ResidualAttentionBlock, VisionTransformer


class BaseTowerPrompt(BaseModule):
    """A visual prompt that lets the frames of a video meet inside open_clip's ViT.

    Hooks are bound methods, so a deep copy of the encoder (weight averaging) binds them to the
    copied prompt. The tower is not kept: its parameters would appear twice.

    Args:
        visual: The image tower.

    Attributes:
        starts_as_clip (bool): Whether it starts without effect.
        num_frames (int): T of the current videos, of which the tower sees only B·T images. Set by
            :meth:`set_num_frames` and kept until the next batch, because blocks recomputed in the
            backward pass (gradient checkpointing) read it again.

    Raises:
        ValueError: No tower, or one that is not open_clip's ViT.
    """

    starts_as_clip = False

    def __init__(self, visual: nn.Module | None = None) -> None:
        super().__init__()
        if visual is None:  # configured as the neck, for example
            raise ValueError(
                f'{type(self).__name__} belongs inside the image tower: set it as '
                'backbone.visual_prompt, with MeanPPrompt as the neck.'
            )
        if not isinstance(visual, VisionTransformer):
            tower = getattr(visual, 'trunk', visual)  # timm's models come inside a wrapper
            library = type(tower).__module__.partition('.')[0]
            raise ValueError(
                f"{type(self).__name__} needs open_clip's VisionTransformer, got {library}'s "
                f'{type(tower).__name__}: set backbone.arch to a ViT such as ViT-B-16, or '
                'backbone.visual_prompt=None and a neck.'
            )
        self.num_frames = 1
        self.attach(visual)

    @abstractmethod
    def attach(self, visual: VisionTransformer) -> None:
        """Register hooks, and parameters as wide as the tower."""

    def refuse_patch_dropout(self, visual: VisionTransformer) -> None:
        """Refuse towers that drop other patches in each frame."""
        if isinstance(visual.patch_dropout, PatchDropout):
            raise ValueError(
                f'{type(self).__name__} does not support patch dropout, which drops other patches '
                'in each frame: set patch_dropout=0 in the vision_cfg of backbone.arch.'
            )

    def plain_blocks(self, visual: VisionTransformer) -> list[ResidualAttentionBlock]:
        """The blocks of a tower, whose attention is that of CLIP.

        Raises:
            ValueError: Blocks of another kind.
        """
        blocks = list(visual.transformer.resblocks)
        if not all(type(block) is ResidualAttentionBlock for block in blocks):
            raise ValueError(
                f"{type(self).__name__} needs CLIP's blocks, got {type(blocks[0]).__name__}: set "
                'backbone.arch to a ViT such as ViT-B-16.'
            )
        return blocks

    def set_num_frames(self, num_frames: int) -> None:
        """Set how many successive images of the next batch are one video."""
        self.num_frames = num_frames

    def check_chunk(self, frame_chunk: int) -> None:
        """Refuse a number of images at once that would split a video."""
        if frame_chunk % self.num_frames:
            raise ValueError(
                f'backbone.frame_chunk must be a multiple of {self.num_frames}, the frames of a '
                f'video, because {type(self).__name__} needs whole videos, got {frame_chunk}.'
            )


def build_tower_prompt(cfg: dict, visual: nn.Module) -> BaseTowerPrompt:
    """Build the prompt of a config inside a tower.

    Raises:
        ValueError: Another kind of module, or a tower that the prompt does not support.
    """
    if not is_config_of(cfg, BaseTowerPrompt):
        raise ValueError(
            f'backbone.visual_prompt.type must be one of {", ".join(tower_prompts())}, got '
            f'{cfg.get("type")!r}: prompts after the tower are set as `neck`.'
        )
    return MODELS.build(cfg, default_args=dict(visual=visual))


def tower_prompts() -> list[str]:
    """Registered prompts inside the tower."""
    return sorted(
        name
        for name, cls in MODELS.module_dict.items()
        if isinstance(cls, type) and issubclass(cls, BaseTowerPrompt)
    )


def is_config_of(cfg: Any, cls: type) -> bool:
    """Whether a config builds a class or a subclass of it."""
    kind = cfg.get('type') if isinstance(cfg, dict) else None
    kind = MODELS.get(kind) if isinstance(kind, str) else kind
    return isinstance(kind, type) and issubclass(kind, cls)


def zero_parameters(module: nn.Module) -> None:
    """Initialize all parameters of a module with 0."""
    for parameter in module.parameters():
        nn.init.zeros_(parameter)
