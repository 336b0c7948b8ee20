"""What visual prompts inside the image tower share: they hook into it, it is not rewritten."""

from abc import abstractmethod
from typing import Any

from mmaction.registry import MODELS
from mmengine.model import BaseModule
from torch import nn

from ...clip import VisionTransformer


class BaseTowerPrompt(BaseModule):
    """A visual prompt that lets the frames of a video meet inside open_clip's ViT.

    It registers bound methods as hooks: a deep copy of the encoder (weight averaging) binds those
    to the copied prompt by itself. The tower is not kept, its parameters would appear twice.

    Args:
        visual: The image tower.

    Attributes:
        num_frames (int): T of the videos that the tower is given; it sees only B·T images. The
            encoder writes it with :meth:`set_num_frames`, and it stays until the next batch, so
            that blocks recomputed in the backward pass (gradient checkpointing) find it.

    Raises:
        ValueError: There is no tower, or it is not open_clip's ViT.
    """

    def __init__(self, visual: nn.Module | None = None) -> None:
        super().__init__()
        if visual is None:  # built by itself, such as `neck`
            raise ValueError(
                f'{type(self).__name__} works inside the image tower: set it as '
                'backbone.visual_prompt, and a neck behind it (MeanPPrompt).'
            )
        if not isinstance(visual, VisionTransformer):
            tower = getattr(visual, 'trunk', visual)  # timm's models come inside a wrapper
            library = type(tower).__module__.partition('.')[0]
            raise ValueError(
                f"{type(self).__name__} cannot work inside {library}'s {type(tower).__name__}: set "
                "backbone.arch to a model with open_clip's own VisionTransformer (ViT-B-32, "
                'ViT-B-16, ViT-L-14 and their kin), or backbone.visual_prompt=None and a neck.'
            )
        self.num_frames = 1
        self.attach(visual)

    @abstractmethod
    def attach(self, visual: VisionTransformer) -> None:
        """Registers the hooks, and parameters of the tower's width."""

    def set_num_frames(self, num_frames: int) -> None:
        """Says how many successive images of the next batch are one video."""
        self.num_frames = num_frames

    def check_chunk(self, frame_chunk: int) -> None:
        """Refuses a number of images at once that tears videos apart."""
        if frame_chunk % self.num_frames:
            raise ValueError(
                f'backbone.frame_chunk={frame_chunk} tears videos of {self.num_frames} frames '
                f'apart, which {type(self).__name__} reads as wholes: set it to a multiple of '
                f'{self.num_frames}.'
            )


def build_tower_prompt(cfg: dict, visual: nn.Module) -> BaseTowerPrompt:
    """Builds the prompt of a config inside a tower.

    Raises:
        ValueError: The config names no prompt of this kind, or the tower cannot carry it.
    """
    if not is_config_of(cfg, BaseTowerPrompt):
        raise ValueError(
            f'backbone.visual_prompt.type={cfg.get("type")!r} does not work inside the image '
            'tower: set JointPrompt or ShiftPrompt there; prompts after the tower are the `neck`.'
        )
    return MODELS.build(cfg, default_args=dict(visual=visual))


def is_config_of(cfg: Any, cls: type) -> bool:
    """Whether a config builds a class or a subclass of it."""
    kind = cfg.get('type') if isinstance(cfg, dict) else None
    kind = MODELS.get(kind) if isinstance(kind, str) else kind
    return isinstance(kind, type) and issubclass(kind, cls)
