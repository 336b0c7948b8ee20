"""Released ActionCLIP: CLIP in OpenAI's layout and the visual prompt's "fusion" weights.

The prompt Joint adds ``visual.time_embedding`` to the tower; Shift wraps every block of the tower,
whose names then have ``.net.`` in them. MeanP has no weights, so its part is empty.
"""

import re
from typing import Any

from torch import Tensor

from ..clip.state_dict import strip_prefixes
from .mapped import RELEASED_EPS, Mapped
from .renaming import NECK, ONE_PIECE, TIME_EMBEDDING, inverse, rename

MODEL, FUSION = 'model_state_dict', 'fusion_model_state_dict'
RULES = (('visual.time_embedding', TIME_EMBEDDING), *ONE_PIECE)
_WRAPPED_BLOCK = re.compile(r'^(visual\.transformer\.resblocks\.\d+)\.net\.')


def matches(content: dict[str, Any]) -> bool:
    """The two parts stand side by side."""
    return MODEL in content and FUSION in content


def to_recognizer(content: dict[str, Any]) -> Mapped:
    """The released weights under the names of ``CLIPRecognizer``.

    Args:
        content: With ``model_state_dict`` and ``fusion_model_state_dict``; names may have the
            prefixes of wrapped models. The state of the optimiser and the epoch are listed as
            unused.
    """
    model = strip_prefixes(content[MODEL])
    unwrapped = {_WRAPPED_BLOCK.sub(r'\1.', name): value for name, value in model.items()}
    state, unknown = rename(unwrapped, RULES)
    for name, value in strip_prefixes(content[FUSION]).items():
        state[NECK + name] = value
    notes = []
    if f'{NECK}shift.weight' in state:
        notes.append(
            'The released Conv1D mixes time and channels (it reshapes instead of transposing). '
            'Here it runs along time, as the paper says: scores differ from the released ones.'
        )
    return Mapped(
        state,
        unknown,
        unused=[key for key in content if key not in (MODEL, FUSION)],
        quick_gelu=True,
        neck_eps=RELEASED_EPS,
        has_shift=unwrapped.keys() != model.keys(),
        notes=notes,
    )


def from_recognizer(state: dict[str, Tensor]) -> dict[str, Any]:
    """The way back, with the blocks of Shift not wrapped.

    Raises:
        ValueError: Weights that the released layout has no place for.
    """
    fusion = {name[len(NECK) :]: value for name, value in state.items() if name.startswith(NECK)}
    rest = {name: value for name, value in state.items() if not name.startswith(NECK)}
    model, unknown = rename(rest, inverse(RULES))
    if unknown:
        raise ValueError(f'The released layout has no place for {unknown[0]}: leave it out.')
    return {MODEL: model, FUSION: fusion}
