"""Monotone alignment of two sequences by dynamic time warping, for similarities.

The best path from the first to the last pair may stay on a sentence, go to the next one at the same
frame, or do both at once. Its mean similarity is the score.
"""

import torch
from torch import Tensor


def align(similarities: Tensor, num_sentences: Tensor, gamma: float | None = None) -> Tensor:
    """Mean similarity along the best path.

    ``D[m, t] = S[m, t] + max(D[m, t-1], D[m-1, t], D[m-1, t-1])``, divided by the number of pairs
    on the path; the first of equal predecessors is taken in this order. A single sentence gives the
    mean over frames.

    Args:
        similarities: S, sentences x frames, [..., M, T].
        num_sentences: How many of the M rows are used, [...] or broadcastable to it.
        gamma: None for the maximum, or the temperature of ``gamma · logsumexp(D / gamma)``, with
            the expected number of pairs: differentiable with respect to all pairs, and equal to the
            maximum in the limit of 0.

    Returns:
        [...].
    """
    rows: list[list[Tensor]] = []
    lengths: list[list[Tensor]] = []
    for m in range(similarities.shape[-2]):
        row: list[Tensor] = []
        length: list[Tensor] = []
        for t in range(similarities.shape[-1]):
            before = [(row[t - 1], length[t - 1])] if t else []
            if m:
                before += [(rows[-1][t], lengths[-1][t])]
                before += [(rows[-1][t - 1], lengths[-1][t - 1])] if t else []
            total, count = _merge(before, gamma)
            here = similarities[..., m, t]
            row.append(here if total is None else here + total)
            length.append(torch.ones_like(here) if count is None else count + 1)
        rows.append(row)
        lengths.append(length)
    means = torch.stack([row[-1] / length[-1] for row, length in zip(rows, lengths, strict=True)])
    last = (num_sentences - 1).expand(means.shape[1:]).unsqueeze(0)  # [1, ...]
    return means.gather(0, last).squeeze(0)


def _merge(
    before: list[tuple[Tensor, Tensor]], gamma: float | None
) -> tuple[Tensor | None, Tensor | None]:
    """The best of the predecessors' totals, with the number of pairs on its path."""
    if not before:
        return None, None
    totals = torch.stack([total for total, _ in before])  # [predecessors, ...]
    counts = torch.stack([count for _, count in before])
    if gamma is not None:
        weights = (totals / gamma).softmax(dim=0)
        return gamma * (totals / gamma).logsumexp(dim=0), (weights * counts).sum(dim=0)
    first = _first_largest(totals)
    return totals.gather(0, first).squeeze(0), counts.gather(0, first).squeeze(0)


def _first_largest(values: Tensor) -> Tensor:
    """Index of the first of equal largest values, which ``argmax`` does not promise, [1, ...]."""
    largest = values == values.amax(dim=0)
    order = torch.arange(len(values), 0, -1, device=values.device)
    ranks = largest * order.view(-1, *[1] * (values.dim() - 1))
    return ranks.argmax(dim=0, keepdim=True)
