"""open_clip's two layouts: both towers in one piece like OpenAI's, or ``visual.`` and ``text.``.

``logit_bias`` (SigLIP) adds the same number to every class, which no softmax sees. A recognizer has
no such weight, so the written config carries it as ``arch.init_logit_bias`` for the way back.
"""

import math
from typing import Any

from torch import Tensor

from ..datasets.transforms.clip_resize import INTERPOLATIONS, RESIZE_MODES
from .mapped import CAUSAL_MASKS, Hints, Mapped
from .renaming import ONE_PIECE, TWO_TOWERS, inverse, rename


def matches(content: dict[str, Any]) -> bool:
    """The image tower is called ``visual`` and the text tower ``text``."""
    return all(any(name.startswith(part) for name in content) for part in ('visual.', 'text.'))


def is_one_piece(content: dict[str, Any]) -> bool:
    """Whether the layout is the one that open_clip shares with OpenAI."""
    return 'text_projection' in content and any(name.startswith('visual.') for name in content)


def to_recognizer(content: dict[str, Any]) -> Mapped:
    """open_clip's weights of either layout under the names of ``CLIPRecognizer``."""
    unused = [name for name in content if name in CAUSAL_MASKS]
    weights = {name: value for name, value in content.items() if name not in unused}
    bias = weights.pop('logit_bias', None)
    if 'logit_scale' in weights:  # some models keep it as [1]
        weights['logit_scale'] = weights['logit_scale'].reshape(())
    renamed, unknown = rename(weights, ONE_PIECE if is_one_piece(content) else TWO_TOWERS)
    return Mapped(renamed, unknown, unused, logit_bias=None if bias is None else float(bias))


def from_recognizer(state: dict[str, Tensor]) -> dict[str, Any]:
    """The way back, to the layout of two towers.

    Raises:
        ValueError: Weights that open_clip has no place for.
    """
    renamed, unknown = rename(state, inverse(TWO_TOWERS))
    if unknown:
        raise ValueError(f'open_clip has no place for {unknown[0]}: take out the visual prompt.')
    return renamed


def hints_of_config(config: dict[str, Any]) -> Hints:
    """What an ``open_clip_config.json`` tells: the whole model, and its way to take frames."""
    arch, pixels = config.get('model_cfg', config), config.get('preprocess_cfg') or {}
    if not isinstance(arch, dict) or not isinstance(arch.get('embed_dim'), int):
        raise ValueError(
            'The open_clip_config.json next to the weights has no model_cfg with an integer as '
            'embed_dim: fix or remove it.'
        )
    return Hints(
        arch=arch,
        quick_gelu=bool(arch.get('quick_gelu', False)),
        mean=_to_bytes(pixels, 'mean'),
        std=_to_bytes(pixels, 'std'),
        interpolation=_one_of(pixels, 'interpolation', INTERPOLATIONS),
        resize_mode=_one_of(pixels, 'resize_mode', RESIZE_MODES),
        pixels_from='open_clip_config.json',
    )


def _one_of(pixels: dict[str, Any], key: str, allowed: tuple[str, ...]) -> str | None:
    value = pixels.get(key)
    if value is None or value in allowed:
        return value
    raise ValueError(
        f'preprocess_cfg.{key} of the open_clip_config.json next to the weights must be one of '
        f'{", ".join(allowed)}, got {value!r:.80}.'
    )


def _to_bytes(pixels: Any, key: str) -> tuple[float, ...] | None:
    values = pixels.get(key) if isinstance(pixels, dict) else pixels
    if values is None:
        return None
    if not (isinstance(values, list) and len(values) == 3 and all(map(_is_number, values))):
        raise ValueError(
            'The open_clip_config.json next to the weights needs three numbers as '
            f'preprocess_cfg.{key}: fix or remove it.'
        )
    return tuple(255 * value for value in values)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and math.isfinite(value)
