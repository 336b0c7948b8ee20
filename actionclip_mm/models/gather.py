"""Gather and mean over processes with exact gradients, for contrastive losses of the global batch.

DDP averages gradients over the W processes, so each process contributes W times its share of the
global loss.
"""

import os

import torch
import torch.distributed as dist
from mmengine.dist import get_rank, get_world_size
from torch import Tensor

SWITCH = 'ACTIONCLIP_MM_GATHER'  # environment variable; 'all_reduce' avoids reduce-scatter
_can_scatter = True  # until the backend refuses


def gather_rows(*tensors: Tensor) -> tuple[Tensor, ...]:
    """Concatenate the rows of all processes; gradients flow back to where rows come from.

    Processes may hold different numbers of rows (the last batch of an epoch).

    Args:
        tensors: [B_local, …] each, with the same B_local; other dimensions equal on all processes.

    Returns:
        [B_global, …] each, in the order of ranks; the tensors themselves on a single process.
    """
    if get_world_size() == 1:
        return tensors
    counts = _row_counts(tensors[0])
    gathered: dict[int, Tensor] = {}  # each tensor once: texts often have the labels of the videos
    for tensor in tensors:
        if id(tensor) not in gathered:
            gathered[id(tensor)] = _Gather.apply(tensor, counts)
    return tuple(gathered[id(tensor)] for tensor in tensors)


def global_mean(rows: Tensor, weights: Tensor | None = None) -> Tensor:
    """Mean over the rows of all processes.

    The value is the same on every rank. The gradient is that of W / B_global times the sum of the
    rows of this process.

    Args:
        rows: [B_local]; some processes may have none. The mean of no rows is 0.
        weights: Weight of each row [B_local], for ``sum(weights * rows) / sum(weights)`` over all
            processes, 0 if all weights are 0. Defaults to None: rows count equally.
    """
    if weights is not None:
        return _weighted_mean(rows, weights.to(rows))
    if get_world_size() == 1:
        return rows.mean() if len(rows) else rows.sum()
    total = torch.stack([rows.detach().sum(), rows.new_tensor(float(len(rows)))])
    dist.all_reduce(total)
    total[1].clamp_(min=1)
    local = rows.sum() * get_world_size() / total[1]
    return local + (total[0] / total[1] - local.detach())


def _weighted_mean(rows: Tensor, weights: Tensor) -> Tensor:
    weighted = (weights * rows).sum()
    total = torch.stack([weighted.detach(), weights.sum()])
    if get_world_size() > 1:
        dist.all_reduce(total)
    mass = total[1] if total[1] > 0 else total[1] + 1
    local = weighted * get_world_size() / mass
    return local + (total[0] / mass - local.detach())


def _row_counts(x: Tensor) -> list[int]:
    """B_local of every process."""
    mine = torch.tensor([len(x)], device=x.device)
    counts = [torch.zeros_like(mine) for _ in range(get_world_size())]
    dist.all_gather(counts, mine)
    return [int(count) for count in counts]


class _Gather(torch.autograd.Function):
    """All-gather whose backward is the sum over processes of the gradients of one's own rows.

    ``torch.distributed.nn.functional.all_gather`` needs equal shapes; here rows are padded for the
    exchange.
    """

    @staticmethod
    def forward(ctx, x: Tensor, counts: list[int]) -> Tensor:
        padded = x.new_zeros((max(counts), *x.shape[1:]))
        padded[: len(x)] = x
        parts = [torch.empty_like(padded) for _ in counts]
        dist.all_gather(parts, padded)
        start = sum(counts[: get_rank()])
        ctx.mine, ctx.counts = slice(start, start + len(x)), counts
        rows = [part[:count] for part, count in zip(parts, counts, strict=True)]
        return torch.cat(rows)  # [B_global, …]

    @staticmethod
    def backward(ctx, grad: Tensor) -> tuple[Tensor, None]:
        return _sum_own_rows(grad, ctx.counts, ctx.mine), None


def _sum_own_rows(grad: Tensor, counts: list[int], mine: slice) -> Tensor:
    """Sum over processes of the gradient [B_global, …] of this process' rows.

    The rows of every process depend on these columns. Reduce-scatter sends each process only the
    sum of its own rows, half of the traffic of all-reduce.
    """
    global _can_scatter
    if len(set(counts)) == 1 and _can_scatter and os.environ.get(SWITCH) != 'all_reduce':
        own = torch.empty_like(grad[mine], memory_format=torch.contiguous_format)
        try:
            dist.reduce_scatter_tensor(own, grad.contiguous())
            return own
        except (RuntimeError, NotImplementedError):  # gloo of older versions, on every process
            _can_scatter = False
    grad = grad.clone(memory_format=torch.contiguous_format)
    dist.all_reduce(grad)
    return grad[mine]
