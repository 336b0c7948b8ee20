"""ActionCLIP of mmaction2's ``projects/actionclip``: ``clip.*`` in OpenAI's layout, ``adapter.*``.

The adapter is the host's own ``TransformerAdapter``: the blocks of Transf with LayerNorm epsilon
1e-5 and a position table of exactly T rows; its ``SimpleMeanAdapter`` has no weights (MeanP).
"""

from typing import Any

from torch import Tensor

from .mapped import CLIP_EPS, Mapped, unwrap
from .renaming import NECK, ONE_PIECE, inverse, rename

RULES = (
    *((f'clip.{old}', new) for old, new in ONE_PIECE),
    ('adapter.positional_embedding', f'{NECK}frame_position_embeddings.weight'),
    ('adapter.transformer.', f'{NECK}transformer.'),
)


def matches(content: dict[str, Any]) -> bool:
    """CLIP stands under ``clip.``."""
    return any(name.startswith('clip.visual.') for name in unwrap(content))


def to_recognizer(content: dict[str, Any]) -> Mapped:
    """The project's weights under the names of ``CLIPRecognizer``."""
    wrapped = 'state_dict' in content
    state, unknown = rename(unwrap(content), RULES)
    unused = [key for key in content if wrapped and key != 'state_dict']
    return Mapped(state, unknown, unused, quick_gelu=True, neck_eps=CLIP_EPS)


def from_recognizer(state: dict[str, Tensor]) -> dict[str, Any]:
    """The way back.

    Raises:
        ValueError: Weights that the project's layout has no place for.
    """
    renamed, unknown = rename(state, inverse(RULES))
    if unknown:
        raise ValueError(f"mmaction2's layout has no place for {unknown[0]}: leave it out.")
    return {'state_dict': renamed}
