"""mmengine's FlexibleRunner, which drives FSDP and DeepSpeed."""

import functools
import inspect
from collections.abc import Callable
from typing import Any

from .replace import is_ours, mark


def epochs_of_the_flexible_runner() -> None:
    """It counts an epoch twice in checkpoints that are saved again after validation.

    The hook says which epoch it is (as it does to ``Runner``), and this runner overwrites it with
    the next one: a resumed run would leave out an epoch.
    """
    from mmengine.runner import FlexibleRunner

    save = FlexibleRunner.save_checkpoint
    if not is_ours(save) and 'meta.update(epoch=' in inspect.getsource(save):
        FlexibleRunner.save_checkpoint = _with_the_epoch_asked_for(save)


def _with_the_epoch_asked_for(save: Callable) -> Callable:
    @functools.wraps(save)
    def save_checkpoint(self: Any, *args: Any, meta: dict | None = None, **kwargs: Any) -> None:
        asked = dict(meta or {})
        write = self.strategy.save_checkpoint

        def write_as_asked(*args: Any, extra_ckpt: dict, **kwargs: Any) -> None:
            extra_ckpt['meta'].update(asked)
            write(*args, extra_ckpt=extra_ckpt, **kwargs)

        self.strategy.save_checkpoint = write_as_asked
        try:
            save(self, *args, meta=meta, **kwargs)
        finally:
            del self.strategy.save_checkpoint  # the class's own is behind it

    return mark(save_checkpoint)
