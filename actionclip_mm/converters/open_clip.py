"""open_clip's two layouts: both towers in one piece like OpenAI's, or ``visual.`` and ``text.``.

``logit_bias`` (SigLIP) adds the same number to every class, which no softmax sees.
"""

from typing import Any

from torch import Tensor

from .mapped import CAUSAL_MASKS, Hints, Mapped, unwrap
from .renaming import ONE_PIECE, TWO_TOWERS, inverse, rename


def matches(content: dict[str, Any]) -> bool:
    """The image tower is called ``visual`` and the text tower ``text``."""
    names = unwrap(content)
    return all(any(name.startswith(part) for name in names) for part in ('visual.', 'text.'))


def is_one_piece(content: dict[str, Any]) -> bool:
    """Whether the layout is the one that open_clip shares with OpenAI."""
    names = unwrap(content)
    return 'text_projection' in names and any(name.startswith('visual.') for name in names)


def to_recognizer(content: dict[str, Any]) -> Mapped:
    """open_clip's weights of either layout under the names of ``CLIPRecognizer``."""
    wrapped = 'state_dict' in content
    state = unwrap(content)
    unused = [key for key in content if wrapped and key != 'state_dict']
    unused += [name for name in state if name in ('logit_bias', *CAUSAL_MASKS)]
    weights = {name: value for name, value in state.items() if name not in unused}
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
    if not isinstance(arch, dict) or 'embed_dim' not in arch:
        raise ValueError(
            'The open_clip_config.json beside the weights has no model_cfg with embed_dim: mend or '
            'remove it.'
        )
    return Hints(
        arch=arch,
        quick_gelu=bool(arch.get('quick_gelu', False)),
        mean=_to_bytes(pixels.get('mean')),
        std=_to_bytes(pixels.get('std')),
    )


def _to_bytes(values: list[float] | None) -> tuple[float, ...] | None:
    return None if values is None else tuple(255 * value for value in values)
