"""Reading which visual prompt weights belong to, and its sizes, from their names and shapes."""

import re
from dataclasses import replace
from typing import Any, NamedTuple

from torch import Tensor

from ..models.necks.visual_prompt_transf import transf_heads
from .architecture import count_layers
from .mapped import Hints, Mapped
from .renaming import NECK, TEXT, TIME_EMBEDDING

TRANSF_CLS_HEADS = 8  # whatever D is, in the released code
_TABLE = f'{NECK}frame_position_embeddings.weight'
_PROMPT_NAME = re.compile(
    r'(^|\.)(adapter|fusion\w*|neck|visual_prompt\w*|temporal\w*|time_embedding)(\.|$)'
)


class VisualPrompt(NamedTuple):
    """Configs of the prompt inside the tower (None: none) and after it.

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


def read_visual_prompt(mapped: Mapped, width: int, hints: Hints) -> VisualPrompt:
    """Find the visual prompt of weights under the names of ``CLIPRecognizer``.

    Args:
        mapped: All weights of the recognizer, and what the layout tells of them.
        width: D, the width of the features.
        hints: ``neck_heads``, where it is known.

    Returns:
        The prompt; MeanP where no weights tell of another.

    Raises:
        ValueError: Heads that do not divide D, are not positive, or are not the prompt's.
    """
    state, given = mapped.state, hints.neck_heads
    if given is not None and given < 1:
        raise ValueError(f'--neck-heads must be a positive integer, got {given}.')
    inside: dict[str, Any] | None = dict(type='ShiftPrompt') if mapped.has_shift else None
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
            num_heads=given or _transf_heads(state, width),
            num_positions=rows,
            layer_norm_eps=mapped.neck_eps,
        )
        frames = rows if mapped.has_exact_table else frames
    elif f'{NECK}transformer.pos_embed' in state:
        frames = state[f'{NECK}transformer.pos_embed'].shape[-2] - 1  # one row is the class token's
        neck = dict(
            type='TransfClsPrompt',
            in_channels=width,
            num_frames=frames,
            num_layers=count_layers(state, layers),
            num_heads=given or TRANSF_CLS_HEADS,
        )
    elif f'{NECK}lstm_visual.weight_ih_l0' in state:
        num_layers = sum(name.startswith(f'{NECK}lstm_visual.weight_ih_l') for name in state)
        neck = dict(type='LSTMPrompt', in_channels=width, num_layers=num_layers)
    elif f'{NECK}shift.weight' in state:
        neck = dict(type='Conv1DPrompt', in_channels=width)
    if given and 'num_heads' not in neck:
        raise ValueError(
            f'--neck-heads {given} does not fit {neck["type"]}, which has no attention: omit it.'
        )
    if width % neck.get('num_heads', 1):
        raise ValueError(
            f'{neck["num_heads"]} attention heads of {neck["type"]} do not divide its {width} '
            'channels: give their number (--neck-heads N).'
        )
    return VisualPrompt(inside, neck, frames, unused)


def _transf_heads(state: dict[str, Tensor], width: int) -> int:
    """Heads of Transf by the rule of the released code and of mmaction2's project."""
    norm = state.get(f'{TEXT}ln_final.weight')
    return transf_heads(width if norm is None else norm.shape[0])


def prompt_weights(mapped: Mapped, content: dict[str, Any], source: str) -> set[str]:
    """Names of all tensors of a file that belong to a visual prompt, understood or not.

    Args:
        mapped: The renamed weights.
        content: What the file holds; released files keep the prompt in a part of its own, which
            the layouts of a plain CLIP do not read.
        source: Name of the layout.
    """
    names = {name for name in mapped.state if name.startswith(NECK) or name == TIME_EMBEDDING}
    if names == {_TABLE}:  # MeanP saves no table, and a table alone is not a prompt
        names = set()
    names |= {name for name in mapped.unknown if _PROMPT_NAME.search(name)}
    for part, value in content.items():
        if source != 'actionclip' and isinstance(value, dict) and _PROMPT_NAME.search(part):
            names |= {f'{part}.{name}' for name in value}
    return names


def without_prompt(mapped: Mapped, names: set[str]) -> Mapped:
    """The weights without those of the visual prompt: the CLIP that it stands on."""
    return replace(
        mapped,
        state={n: value for n, value in mapped.state.items() if n not in names and n != _TABLE},
        unknown=[name for name in mapped.unknown if name not in names],
        has_shift=False,
    )
