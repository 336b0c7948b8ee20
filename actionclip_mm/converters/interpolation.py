"""Averaging a zero-shot and a fine-tuned model (WiSE-FT, Wortsman et al., CVPR 2022, eq. 1)."""

from collections.abc import Sequence

from torch import Tensor


def interpolate(
    zero_shot: dict[str, Tensor],
    fine_tuned: dict[str, Tensor],
    alpha: float,
    only_fine_tuned: Sequence[str] = (),
) -> dict[str, Tensor]:
    """Weights (1 - alpha) · zero-shot + alpha · fine-tuned.

    Args:
        zero_shot: Weights before fine-tuning.
        fine_tuned: Weights after it.
        alpha: From 0 (exactly the first) to 1 (exactly the second).
        only_fine_tuned: Prefixes of modules that only the second has (a neck that fine-tuning
            added): they keep their fine-tuned values whatever alpha is.

    Returns:
        New tensors of the dtype of the fine-tuned ones. Whole numbers (counters) are not averaged:
        those of the nearer end are taken.

    Raises:
        ValueError: ``alpha`` out of range, or names or shapes that differ.
    """
    if not 0 <= alpha <= 1:
        raise ValueError(f'alpha={alpha} is out of range: set a number from 0 to 1.')
    kept = {name for name in fine_tuned if name.startswith(tuple(only_fine_tuned))}
    shared = fine_tuned.keys() - kept
    different = sorted(shared ^ zero_shot.keys())
    if different:
        owner = 'fine-tuned' if different[0] in fine_tuned else 'zero-shot'
        raise ValueError(
            f'{len(different)} weights are in one of the models only (first: {different[0]}, in '
            f'the {owner} one): give two checkpoints of the same architecture.'
        )
    for name in sorted(shared):
        if zero_shot[name].shape != fine_tuned[name].shape:
            raise ValueError(
                f'{name} is {tuple(zero_shot[name].shape)} in the zero-shot model but '
                f'{tuple(fine_tuned[name].shape)} in the fine-tuned one: give two checkpoints of '
                'the same architecture.'
            )
    return {
        name: tuned.clone() if name in kept else _mix(zero_shot[name], tuned, alpha)
        for name, tuned in fine_tuned.items()
    }


def _mix(a: Tensor, b: Tensor, alpha: float) -> Tensor:
    """One weight; the ends are copies, since 0 · inf and rounding would not give them exactly."""
    if alpha in (0, 1) or not b.is_floating_point():
        return (a if alpha < 0.5 else b).to(b.dtype, copy=True)
    return ((1 - alpha) * a.float() + alpha * b.float()).to(b.dtype)
