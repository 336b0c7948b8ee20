"""LoRA for CLIP's towers: low-rank updates of frozen weights (Hu et al., ICLR 2022).

CLIP's attention keeps query, key and value in one weight, which wrappers of ``nn.Linear`` do not
reach. A parametrization of the weight does: ``W = W0 + s · up · down`` with ``up = 0`` at the
start. Merged weights are those of a plain CLIP.
"""

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from ..utils import check_choice, check_positive, check_range

FUSED = ('q', 'k', 'v')  # blocks of rows of the fused weight, in this order
PARTS = (*FUSED, 'out', 'mlp')

# Weights of a part relative to a block: open_clip's ViT and text towers, then timm's ViT.
_FUSED_WEIGHTS = ('attn.in_proj_weight', 'attn.qkv.weight')
_WEIGHTS = {
    'out': ('attn.out_proj.weight', 'attn.proj.weight'),
    'mlp': ('mlp.c_fc.weight', 'mlp.c_proj.weight', 'mlp.fc1.weight', 'mlp.fc2.weight'),
}
_ORIGINAL = '.original'
_MARK = '.parametrizations.'


class LowRankUpdate(nn.Module):
    """Add ``scale · up · down`` to blocks of rows of a weight [out, in].

    Args:
        weight: The weight.
        rank: r.
        scale: s.
        rows: Blocks of rows that are updated, each by an update of its own; () for all rows at
            once.
        num_blocks: Blocks of rows of the weight.

    Attributes:
        lora_down: [blocks, r, in], drawn as the weights of ``nn.Linear``.
        lora_up: [blocks, out / num_blocks, r], zero at the start.
    """

    lora_rows: Tensor
    lora_scale: Tensor

    def __init__(
        self, weight: Tensor, rank: int, scale: float, rows: Sequence[int] = (), num_blocks: int = 1
    ) -> None:
        super().__init__()
        height, width = len(weight) // num_blocks, weight.shape[1]
        rows = tuple(rows) or (0,)
        self.lora_down = nn.Parameter(weight.new_empty(len(rows), rank, width))
        self.lora_up = nn.Parameter(weight.new_zeros(len(rows), height, rank))
        for down in self.lora_down:
            nn.init.kaiming_uniform_(down, a=math.sqrt(5))
        # in the state dict, so that a file can be merged without its config
        starts, device = [row * height for row in rows], weight.device
        self.register_buffer('lora_scale', torch.tensor(scale, device=device))
        self.register_buffer('lora_rows', torch.tensor(starts, device=device))

    def forward(self, weight: Tensor) -> Tensor:
        return add_update(weight, self.lora_down, self.lora_up, self.lora_scale, self.lora_rows)


def add_update(weight: Tensor, down: Tensor, up: Tensor, scale: Tensor, rows: Tensor) -> Tensor:
    """A weight [out, in] with its updates, see :class:`LowRankUpdate`."""
    update = scale.to(down.dtype) * up @ down  # [blocks, out / num_blocks, in]
    places = rows[:, None] + torch.arange(update.shape[1], device=rows.device)  # [blocks, …]
    return weight.index_add(0, places.flatten(), update.flatten(0, 1).to(weight.dtype))


def add_lora(
    tower: nn.Module,
    key: str,
    rank: int = 8,
    parts: str | Sequence[str] = 'qv',
    alpha: float = 1.0,
    scaling: str = 'sqrt',
    last_blocks: int | None = None,
) -> None:
    """Update the weights of a frozen tower by low-rank matrices, which learn.

    Args:
        tower: Image or text tower of open_clip, or a ViT of timm.
        key: Config key, for messages.
        rank: r. Defaults to 8.
        parts: Of ``q``, ``k``, ``v`` (letters of one string or a list), ``out`` (the projection
            after attention) and ``mlp``. Defaults to ``'qv'``.
        alpha: Defaults to 1.
        scaling: s is ``alpha / sqrt(r)`` (``'sqrt'``, rank-stabilised as in CLIP-LoRA, default) or
            ``alpha / r`` (``'linear'``, the original).
        last_blocks: How many of the last blocks are updated. Defaults to None: all.

    Raises:
        ValueError: A tower that is not frozen or without the parts; values out of range.
    """
    check_positive(rank, f'{key}.rank')
    check_choice(scaling, ('sqrt', 'linear'), f'{key}.scaling')
    chosen = _read_parts(parts, key)
    if any(parameter.requires_grad for parameter in tower.parameters()):
        raise ValueError(f"{key} updates a frozen tower: set frozen_stages='all' next to it.")
    blocks = _blocks_of(tower, key)
    if last_blocks is not None:
        check_range(last_blocks, 1, len(blocks), f'{key}.last_blocks')
        blocks = blocks[-last_blocks:]
    scale = alpha / (math.sqrt(rank) if scaling == 'sqrt' else rank)
    rows = [FUSED.index(part) for part in chosen if part in FUSED]
    names = [name for part in chosen for name in _WEIGHTS.get(part, ())]
    for block in blocks:
        weights = dict(block.named_parameters())
        if rows:
            for name in _FUSED_WEIGHTS:
                if name in weights:
                    _parametrize(block, name, rank, scale, rows, len(FUSED))
        for name in names:
            if name in weights:
                _parametrize(block, name, rank, scale)


def merge_lora(module: nn.Module) -> nn.Module:
    """Replace updated weights by plain ones of the same value; the module is changed."""
    for part in list(module.modules()):
        if not parametrize.is_parametrized(part):
            continue
        for name, updates in list(part.parametrizations.items()):  # type: ignore[operator, union-attr]
            if isinstance(updates[0], LowRankUpdate):
                parametrize.remove_parametrizations(part, name, leave_parametrized=True)
    return module


def merge_state_dict(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """A state dict with merged updates, under the names of a model without LoRA."""
    merged = {}
    for name, value in state.items():
        owner, mark, rest = name.partition(_MARK)
        if not mark:
            merged[name] = value
        elif rest.endswith(_ORIGINAL):
            update = f'{owner}{mark}{rest.removesuffix(_ORIGINAL)}.0.lora_'
            down, up, scale, rows = (state[update + x] for x in ('down', 'up', 'scale', 'rows'))
            plain = f'{owner}.{rest.removesuffix(_ORIGINAL)}'
            merged[plain] = add_update(value, down, up, scale, rows)
    return merged


def _parametrize(
    block: nn.Module,
    name: str,
    rank: int,
    scale: float,
    rows: Sequence[int] = (),
    num_blocks: int = 1,
) -> None:
    owner, _, weight = name.rpartition('.')
    module = block.get_submodule(owner)
    update = LowRankUpdate(module.get_parameter(weight), rank, scale, rows, num_blocks)
    parametrize.register_parametrization(module, weight, update)


def _read_parts(parts: str | Sequence[str], key: str) -> tuple[str, ...]:
    names = tuple(parts) if not isinstance(parts, str) or parts not in PARTS else (parts,)
    for name in names or (None,):
        check_choice(name, PARTS, f'{key}.parts')
    return tuple(dict.fromkeys(names))


def _blocks_of(tower: nn.Module, key: str) -> list[nn.Module]:
    """The blocks of a tower that have a fused weight."""
    blocks = [
        module
        for module in tower.modules()
        if any(name in dict(module.named_parameters()) for name in _FUSED_WEIGHTS)
        and hasattr(module, 'mlp')
    ]
    if not blocks:
        tower = getattr(tower, 'trunk', tower)
        raise ValueError(
            f'{key} needs the blocks of a ViT or of a text Transformer, got '
            f'{type(tower).__name__}: set {key}=None.'
        )
    return blocks
