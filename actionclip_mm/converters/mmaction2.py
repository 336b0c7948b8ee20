"""ActionCLIP of mmaction2: ``clip.*`` in OpenAI's layout and ``adapter.*``, in two spellings.

``projects/actionclip`` keeps the positions of its adapter in an embedding
(``adapter.frame_position_embeddings.weight``) and takes text width // 64 heads; the class
``TransformerAdapter`` of the host keeps them in a parameter (``adapter.positional_embedding``) and
takes its heads from the config. Both are the blocks of Transf with LayerNorm epsilon 1e-5 and a
table of exactly T rows; ``SimpleMeanAdapter`` has no weights (MeanP).
"""

from typing import Any

from torch import Tensor

from .mapped import CLIP_EPS, Mapped
from .renaming import NECK, ONE_PIECE, inverse, rename

_HOSTS_TABLE = 'adapter.positional_embedding'
# the way back takes the first rule that fits, which is the spelling of the project
RULES = (
    *((f'clip.{old}', new) for old, new in ONE_PIECE),
    ('adapter.frame_position_embeddings.weight', f'{NECK}frame_position_embeddings.weight'),
    (_HOSTS_TABLE, f'{NECK}frame_position_embeddings.weight'),
    ('adapter.transformer.', f'{NECK}transformer.'),
)


def matches(content: dict[str, Any]) -> bool:
    """CLIP stands under ``clip.``."""
    return any(name.startswith('clip.visual.') for name in content)


def to_recognizer(content: dict[str, Any]) -> Mapped:
    """The weights of either spelling under the names of ``CLIPRecognizer``."""
    state, unknown = rename(content, RULES)
    notes = []
    if _HOSTS_TABLE in content:
        notes.append(
            "mmaction2's TransformerAdapter takes its heads from the config (transformer_heads), "
            'and no weight tells them: text width // 64 is assumed (--neck-heads sets them).'
        )
    return Mapped(
        state,
        unknown,
        quick_gelu=True,
        neck_eps=CLIP_EPS,
        has_exact_table=True,
        notes=notes,
    )


def from_recognizer(state: dict[str, Tensor]) -> dict[str, Any]:
    """The way back, to what ``projects/actionclip`` keeps under ``state_dict``, in its spelling.

    Raises:
        ValueError: Weights that the project's layout has no place for.
    """
    renamed, unknown = rename(state, inverse(RULES))
    if unknown:
        raise ValueError(f"mmaction2's layout has no place for {unknown[0]}: leave it out.")
    return renamed
