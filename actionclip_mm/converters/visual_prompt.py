"""Reading which visual prompt weights belong to, and its sizes, from their names and shapes."""

from typing import Any, NamedTuple

from torch import Tensor

from .architecture import count_layers
from .mapped import RELEASED_EPS
from .renaming import NECK, TIME_EMBEDDING

_TABLE = f'{NECK}frame_position_embeddings.weight'


class VisualPrompt(NamedTuple):
    """Configs of the prompt inside the tower (None: none) and behind it.

    Attributes:
        inside: ``backbone.visual_prompt``.
        neck: The neck.
        num_frames: T where weights exist for that T only.
        unused: Weights that the released code saves but never reads.
    """

    inside: dict[str, Any] | None
    neck: dict[str, Any]
    num_frames: int | None
    unused: list[str]


def read_visual_prompt(
    state: dict[str, Tensor], width: int, eps: float, has_shift: bool = False
) -> VisualPrompt:
    """Finds the visual prompt of weights under the names of ``CLIPRecognizer``.

    Args:
        state: All weights of the recognizer.
        width: D, the width of the features.
        eps: Epsilon of the LayerNorms of Transf.
        has_shift: Whether the tower was found to have the prompt Shift.

    Returns:
        The prompt; MeanP where no weights tell of another.
    """
    inside: dict[str, Any] | None = dict(type='ShiftPrompt') if has_shift else None
    frames: int | None = None
    if TIME_EMBEDDING in state:
        frames = state[TIME_EMBEDDING].shape[0]
        inside = dict(type='JointPrompt', num_frames=frames)
    neck: dict[str, Any] = dict(type='MeanPPrompt', in_channels=width)
    unused = [_TABLE] if _TABLE in state else []
    blocks, layers = f'{NECK}transformer.resblocks.', f'{NECK}transformer.transformer_enc.layers.'
    if f'{blocks}0.ln_1.weight' in state and _TABLE in state:
        rows, unused = state[_TABLE].shape[0], []
        neck = dict(
            type='TransfPrompt',
            in_channels=width,
            num_layers=count_layers(state, blocks),
            num_positions=rows,
        )
        if eps != RELEASED_EPS:  # a table of T rows and torch's epsilon: mmaction2's adapter
            neck['layer_norm_eps'], frames = eps, rows
    elif f'{NECK}transformer.pos_embed' in state:
        frames = state[f'{NECK}transformer.pos_embed'].shape[-2] - 1  # one row is the class token's
        neck = dict(
            type='TransfClsPrompt',
            in_channels=width,
            num_frames=frames,
            num_layers=count_layers(state, layers),
        )
    elif f'{NECK}lstm_visual.weight_ih_l0' in state:
        num_layers = sum(name.startswith(f'{NECK}lstm_visual.weight_ih_l') for name in state)
        neck = dict(type='LSTMPrompt', in_channels=width, num_layers=num_layers)
    elif f'{NECK}shift.weight' in state:
        neck = dict(type='Conv1DPrompt', in_channels=width)
    return VisualPrompt(inside, neck, frames, unused)
