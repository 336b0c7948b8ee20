"""Data loaders that start with any number of workers, and end with an error instead of waiting."""

import functools
import multiprocessing.queues
import os
import sys
import traceback
from collections.abc import Callable
from typing import Any

from .fixes import fix

# Seconds that a batch may take before its loader gives up: a batch of 128 videos of which every
# second one takes its whole time limit of 60 s is done in that time by 2 workers.
BATCH_TIMEOUT = 1800
OF_WORKERS = ('persistent_workers', 'prefetch_factor', 'timeout', 'multiprocessing_context')


@fix()
def fit_options_of_workers() -> None:
    """torch refuses ``num_workers=0`` with ``persistent_workers``, and waits for ever by default.

    The options of workers follow ``num_workers=0``; with workers a loader gets a ``timeout``,
    which the config may set.
    """
    from mmengine.runner import FlexibleRunner, Runner

    for kind in (Runner, FlexibleRunner):
        kind.build_dataloader = staticmethod(_with_fitting(kind.build_dataloader))


def _with_fitting(build: Callable) -> Callable:
    @functools.wraps(build)
    def build_dataloader(dataloader: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(dataloader, dict):
            dataloader = fit_options(dataloader)
        return build(dataloader, *args, **kwargs)

    return build_dataloader


def fit_options(dataloader: dict) -> dict:
    """The options of a loader, in keeping with its number of workers."""
    if not dataloader.get('num_workers'):
        return {key: value for key, value in dataloader.items() if key not in OF_WORKERS}
    return {'timeout': BATCH_TIMEOUT, **dataloader}


@fix()
def stop_workers_that_cannot_send() -> None:
    """A worker that cannot put a batch into shared memory drops it, and training waits for ever.

    Python prints the error and goes on. Here the worker ends, which its loader notices in seconds.
    """
    queue: Any = multiprocessing.queues.Queue
    queue._on_queue_feeder_error = staticmethod(_ending(queue._on_queue_feeder_error))


def _ending(tell: Callable) -> Callable:
    def end_of_worker(error: Exception, batch: Any) -> None:
        from torch.utils.data import get_worker_info

        if get_worker_info() is None:
            tell(error, batch)
            return
        traceback.print_exc()
        print(
            f'A data-loader worker could not hand over a batch ({error}), so it ends. '
            f'{shared_memory_advice()}',
            file=sys.stderr,
            flush=True,
        )
        os._exit(1)

    return end_of_worker


def shared_memory_advice() -> str:
    """How much shared memory is free, and what to do where it is too little."""
    free = shared_memory_free()
    left = '' if free is None else f'/dev/shm has {free / 2**20:.0f} MiB free. '
    return (
        f'{left}Start the container with more shared memory (docker run --shm-size=8g, or '
        '--ipc=host), or lower batch_size, num_workers or prefetch_factor.'
    )


def shared_memory_free(folder: str = '/dev/shm') -> int | None:
    """Free bytes of the memory through which workers send batches; None where there is none."""
    try:
        stat = os.statvfs(folder)
    except (OSError, AttributeError):  # not Linux
        return None
    return stat.f_bavail * stat.f_frsize
