"""Gathering features over processes with exact gradients (the batch of a contrastive loss)."""

import torch
import torch.distributed as dist
from torch import Tensor


def gather_with_grad(x: Tensor) -> Tensor:
    """Concatenates every process' rows; gradients flow back to the process that made them.

    Ranks may hold different numbers of rows (the last batch of an epoch).

    Args:
        x: [B_local, …], equal in all but the first dimension on every rank.

    Returns:
        [B_global, …] in rank order; ``x`` itself without a process group.
    """
    if not (dist.is_available() and dist.is_initialized()) or dist.get_world_size() == 1:
        return x
    return _Gather.apply(x)


def rank_row_counts(num_rows: int, device: torch.device) -> list[int]:
    """How many rows each rank holds."""
    mine = torch.tensor([num_rows], device=device)
    counts = [torch.zeros_like(mine) for _ in range(dist.get_world_size())]
    dist.all_gather(counts, mine)
    return [int(count) for count in counts]


class _Gather(torch.autograd.Function):
    """All-gather whose backward is the sum over ranks of the gradients of one rank's rows.

    ``torch.distributed.nn.functional.all_gather`` asks for equal shapes; here short ranks are
    padded for the exchange and the padding is cut off again.
    """

    @staticmethod
    def forward(ctx, x: Tensor) -> Tensor:
        counts = rank_row_counts(x.shape[0], x.device)
        padded = x.new_zeros((max(counts), *x.shape[1:]))
        padded[: x.shape[0]] = x
        parts = [torch.empty_like(padded) for _ in counts]
        dist.all_gather(parts, padded)
        ctx.start = sum(counts[: dist.get_rank()])
        ctx.num_rows = x.shape[0]
        return torch.cat(
            [part[:count] for part, count in zip(parts, counts, strict=True)]
        )  # [B_global, …]

    @staticmethod
    def backward(ctx, grad: Tensor) -> Tensor:
        grad = grad.contiguous().clone()
        dist.all_reduce(grad)  # every rank's loss depends on these rows
        return grad[ctx.start : ctx.start + ctx.num_rows]
