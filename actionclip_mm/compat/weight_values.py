"""mmengine loads weights of NaN, and a test with them ends in numbers."""

import functools
from collections.abc import Callable
from typing import Any

from ..utils.weight_values import check_weight_values


def weights_without_nan() -> None:
    """Every checkpoint that mmengine reads is refused where its weights are NaN, Inf or no floats.

    Whether by ``load_from``, ``--resume``, an ``init_cfg`` or a test, and whatever the model.
    """
    from mmengine.runner import CheckpointLoader

    load = CheckpointLoader.load_checkpoint
    if not getattr(load, 'checks_values', False):
        checked: Any = _checking(load)
        checked.checks_values = True
        CheckpointLoader.load_checkpoint = staticmethod(checked)


def _checking(load: Callable) -> Callable:
    @functools.wraps(load)
    def load_checked(filename: Any, *args: Any, **kwargs: Any) -> Any:
        content = load(filename, *args, **kwargs)
        if isinstance(content, dict):
            check_weight_values(content, str(filename))
        return content

    return load_checked
