"""open_clip's two layouts: both towers in one piece like OpenAI's, or ``visual.`` and ``text.``.

``logit_bias`` (SigLIP) adds the same number to every class, which no softmax sees.
"""

import math
from typing import Any

from torch import Tensor

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
    unused = [name for name in content if name in ('logit_bias', *CAUSAL_MASKS)]
    weights = {name: value for name, value in content.items() if name not in unused}
    renamed, unknown = rename(weights, ONE_PIECE if is_one_piece(content) else TWO_TOWERS)
    return Mapped(renamed, unknown, unused)


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
    """What an ``open_clip_config.json`` tells: the whole model, and its pixel mean and std."""
    arch, pixels = config.get('model_cfg', config), config.get('preprocess_cfg') or {}
    if not isinstance(arch, dict) or not isinstance(arch.get('embed_dim'), int):
        raise ValueError(
            'The open_clip_config.json beside the weights has no model_cfg with a whole number as '
            'embed_dim: mend or remove it.'
        )
    return Hints(
        arch=arch,
        quick_gelu=bool(arch.get('quick_gelu', False)),
        mean=_to_bytes(pixels, 'mean'),
        std=_to_bytes(pixels, 'std'),
    )


def _to_bytes(pixels: Any, key: str) -> tuple[float, ...] | None:
    values = pixels.get(key) if isinstance(pixels, dict) else pixels
    if values is None:
        return None
    if not (isinstance(values, list) and len(values) == 3 and all(map(_is_number, values))):
        raise ValueError(
            'The open_clip_config.json beside the weights needs three numbers as '
            f'preprocess_cfg.{key}: mend or remove it.'
        )
    return tuple(255 * value for value in values)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and math.isfinite(value)
