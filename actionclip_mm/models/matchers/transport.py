"""Optimal transport between two sets of unit features, by Sinkhorn's iterations."""

import torch
from torch import Tensor

RELEASED_STOP = 1e-2


def transport(
    similarities: Tensor, epsilon: float = 0.1, iterations: int = 100, released_stop: bool = False
) -> Tensor:
    """Similarity of two sets under the best plan with equal masses.

    Cost ``1 - S``, entropy weight ``epsilon``, uniform masses 1/T and 1/n. No gradient flows
    through the plan.

    Args:
        similarities: S, [..., T, n].
        epsilon: Entropy weight, positive.
        iterations: Of Sinkhorn.
        released_stop: Whether to stop as the released code (OST), when the mean change of the
            scaling over *all* pairs is below 1e-2. The score of a video then depends on the others
            in its batch.

    Returns:
        Sum over plan x similarity, [...].
    """
    with torch.no_grad():
        num_frames, num_texts = similarities.shape[-2:]
        kernel = torch.exp((similarities.detach() - 1) / epsilon)  # [..., T, n]
        rows = kernel.new_ones(*kernel.shape[:-1])  # [..., T]
        columns = kernel.new_ones(*kernel.shape[:-2], num_texts)  # [..., n]
        for _ in range(iterations):
            before = rows
            rows = 1 / num_frames / (kernel @ columns.unsqueeze(-1)).squeeze(-1)
            columns = 1 / num_texts / (kernel.mT @ rows.unsqueeze(-1)).squeeze(-1)
            if released_stop and (rows - before).abs().mean() < RELEASED_STOP:
                break
        plan = rows.unsqueeze(-1) * kernel * columns.unsqueeze(-2)  # [..., T, n]
    return (plan * similarities).sum(dim=(-2, -1))
