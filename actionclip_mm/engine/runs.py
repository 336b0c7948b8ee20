"""Lock the work dir of a run, and leave its process group in order."""

import functools
import inspect
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch.distributed as dist
from mmengine.runner import FlexibleRunner, Runner, find_latest_checkpoint

from ..utils import WorkDirLock

_locks: list[WorkDirLock] = []


@contextmanager
def exclusive_work_dirs(command: Sequence[str]) -> Iterator[None]:
    """Lock the work dir of every runner built within the block.

    Args:
        command: Command line of this run, shown to others that want the work dir.

    Raises:
        SystemExit: Another run uses the work dir; nothing is written.
    """
    before = {kind: kind.__init__ for kind in (Runner, FlexibleRunner)}
    for kind, init in before.items():
        kind.__init__ = _locking(init, command)
    try:
        yield
    finally:
        for kind, init in before.items():
            kind.__init__ = init
        for lock in _locks:
            lock.release()


def _locking(init: Callable, command: Sequence[str]) -> Callable:
    @functools.wraps(init)
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        given = inspect.signature(init).bind(self, *args, **kwargs)
        given.apply_defaults()
        try:
            _locks.append(WorkDirLock(given.arguments['work_dir'], command))
        except RuntimeError as error:
            raise SystemExit(f'Error: {error}') from None
        init(self, *args, **kwargs)

    return __init__


def newest_checkpoint() -> str | None:
    """Newest checkpoint of this process' run; None if there is none."""
    folder = Path(_locks[-1].folder) if _locks else None
    if folder is None or not any(folder.glob('*.pth')):
        return None
    return find_latest_checkpoint(str(folder))


def leave_process_group() -> None:
    """Wait for all processes and disconnect: one that outlives its peers may abort."""
    if dist.is_available() and dist.is_initialized():
        dist.barrier()
        dist.destroy_process_group()
