"""Settings that one part of a recognizer passes on to the config of the next: CLIP and widths."""

from typing import Any

from torch import nn

from ..clip import DEFAULT_ARCH, Arch, build_clip
from .backbones.base_tower_prompt import is_config_of
from .backbones.clip_image_encoder import CLIPImageEncoder
from .text.label_encoder import TextPromptLabelEncoder


def share_clip(backbone: dict, cls_head: dict | None) -> tuple[dict, dict | None]:
    """Let image encoder and label encoder take the towers of one CLIP, built once.

    A label encoder without ``arch`` takes that of the backbone, and its weights unless it names
    others. Each part builds its own CLIP if the two differ.
    """
    head = cls_head or {}
    encoder: Any = head.get('label_encoder')
    if not (
        is_config_of(backbone, CLIPImageEncoder) and is_config_of(encoder, TextPromptLabelEncoder)
    ):
        return backbone, cls_head
    image, text = clip_of_images(backbone), clip_of_texts(backbone, encoder)
    encoder = {**encoder, 'arch': text[0], 'pretrained': text[1]}
    if text == image:
        clip = build_clip(*image)
        backbone, encoder = {**backbone, 'clip': clip}, {**encoder, 'clip': clip}
    return backbone, {**head, 'label_encoder': encoder}


def clip_of_images(backbone: dict) -> tuple[Arch, str | None]:
    """``arch`` and ``pretrained`` of a ``CLIPImageEncoder``."""
    return backbone.get('arch', DEFAULT_ARCH), backbone.get('pretrained')


def clip_of_texts(backbone: dict, encoder: dict) -> tuple[Arch, str | None]:
    """``arch`` and ``pretrained`` of a label encoder, by default those of the backbone."""
    arch, pretrained = clip_of_images(backbone)
    if encoder.get('arch') is not None:
        return encoder['arch'], encoder.get('pretrained')
    return arch, encoder.get('pretrained', pretrained)


def has_texts(model: Any) -> bool:
    """Whether the head of a recognizer compares with texts; other heads have fixed classes."""
    return hasattr(model.cls_head, 'label_encoder')


def with_width(cfg: dict, key: str, source: nn.Module) -> dict:
    """Set ``in_channels`` of a config, unless it is set, to the width of the part before.

    Raises:
        ValueError: The part before has no ``out_channels``.
    """
    if cfg.get('in_channels') is not None:
        return cfg
    width = getattr(source, 'out_channels', None)
    if not isinstance(width, int):
        raise ValueError(
            f'{key}.in_channels must be set to the width of the features of '
            f'{type(source).__name__}, which has no out_channels.'
        )
    return {**cfg, 'in_channels': width}
