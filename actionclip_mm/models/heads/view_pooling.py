"""From similarities of views and templates to one score per class."""

from collections.abc import Callable

from torch import Tensor


def _prob(logits: Tensor) -> Tensor:
    """Softmax per template and view, then the mean over both (the released test)."""
    return logits.softmax(dim=-1).mean(dim=(1, 2))  # [N, C]


def _score(logits: Tensor) -> Tensor:
    """Mean similarity over views first (section 4.1), then softmax and mean over templates."""
    return logits.mean(dim=1).softmax(dim=-1).mean(dim=1)  # [N, C]


def _max(logits: Tensor) -> Tensor:
    """The best view of each class."""
    return logits.softmax(dim=-1).mean(dim=2).amax(dim=1)  # [N, C]


def _keep(logits: Tensor) -> Tensor:
    """Views are not pooled."""
    return logits.softmax(dim=-1).mean(dim=2)  # [N, V, C]


VIEW_POOLINGS: dict[str | None, Callable[[Tensor], Tensor]] = {
    'prob': _prob,
    'score': _score,
    'max': _max,
    None: _keep,
}


def get_view_pooling(name: str | None) -> Callable[[Tensor], Tensor]:
    """The function [N, V, P, C] -> [N, C] (``None``: [N, V, C]) of that name.

    Raises:
        ValueError: Unknown name.
    """
    if name not in VIEW_POOLINGS:
        raise ValueError(
            f'cls_head.average_clips={name!r} is unknown: set one of '
            f'{", ".join(map(repr, VIEW_POOLINGS))}.'
        )
    return VIEW_POOLINGS[name]
