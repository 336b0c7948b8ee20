"""Data loaders: start with any number of workers, and fail instead of waiting forever."""

import functools
import multiprocessing.queues
import os
import sys
import traceback
from collections.abc import Callable
from typing import Any

from .fixes import fix

# Seconds until a loader gives up on a batch: 2 workers read 128 videos of which half take their
# whole time limit of 60 s.
BATCH_TIMEOUT = 1800
WORKER_OPTIONS = ('persistent_workers', 'prefetch_factor', 'timeout', 'multiprocessing_context')


@fix()
def drop_unused_worker_options() -> None:
    """torch refuses ``num_workers=0`` with ``persistent_workers``, and waits forever by default.

    ``num_workers=0`` drops the options of workers. A loader with workers gets a ``timeout``, unless
    the config sets one.
    """
    from mmengine.runner import FlexibleRunner, Runner

    for kind in (Runner, FlexibleRunner):
        kind.build_dataloader = staticmethod(_with_valid_options(kind.build_dataloader))


def _with_valid_options(build: Callable) -> Callable:
    @functools.wraps(build)
    def build_dataloader(dataloader: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(dataloader, dict):
            dataloader = valid_options(dataloader)
        return build(dataloader, *args, **kwargs)

    return build_dataloader


def valid_options(dataloader: dict) -> dict:
    """Options of a loader that fit its number of workers."""
    if not dataloader.get('num_workers'):
        return {key: value for key, value in dataloader.items() if key not in WORKER_OPTIONS}
    return {'timeout': BATCH_TIMEOUT, **dataloader}


@fix()
def stop_workers_that_cannot_send() -> None:
    """A worker that cannot put a batch into shared memory drops it, and training waits forever.

    Python prints the error and continues. Here the worker exits, which its loader notices in
    seconds.
    """
    queue: Any = multiprocessing.queues.Queue
    queue._on_queue_feeder_error = staticmethod(_exiting(queue._on_queue_feeder_error))


def _exiting(report: Callable) -> Callable:
    def exit_worker(error: Exception, batch: Any) -> None:
        from torch.utils.data import get_worker_info

        if get_worker_info() is None:
            report(error, batch)
            return
        traceback.print_exc()
        print(
            f'A data loader worker cannot send a batch ({error}) and exits. '
            f'{shared_memory_advice()}',
            file=sys.stderr,
            flush=True,
        )
        os._exit(1)

    return exit_worker


def shared_memory_advice() -> str:
    """How much shared memory is free, and how to get more."""
    free = shared_memory_free()
    left = '' if free is None else f'/dev/shm has {free / 2**20:.0f} MiB free. '
    return (
        f'{left}Start the container with more shared memory (docker run --shm-size=8g, or '
        '--ipc=host), or lower batch_size, num_workers or prefetch_factor.'
    )


def shared_memory_free(folder: str = '/dev/shm') -> int | None:
    """Free bytes of the memory through which workers send batches; None if not on Linux."""
    try:
        stat = os.statvfs(folder)
    except (OSError, AttributeError):  # not Linux
        return None
    return stat.f_bavail * stat.f_frsize
