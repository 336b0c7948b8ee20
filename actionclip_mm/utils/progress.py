"""Progress of work that may take minutes: a bar on a terminal, lines in the log elsewhere."""

import sys
import time
from collections.abc import Iterator
from typing import Protocol, TypeVar

Item = TypeVar('Item', covariant=True)

DELAY = 3.0  # seconds of silence: short work shows nothing
EVERY = 30.0  # seconds between lines of the log


class Steps(Protocol[Item]):
    """Anything with a length that can be iterated, such as a list or a data loader."""

    def __iter__(self) -> Iterator[Item]: ...

    def __len__(self) -> int: ...


def with_progress(items: Steps[Item], title: str) -> Iterator[Item]:
    """Iterate over equally long steps, showing how many are done and the time left.

    Nothing is shown in the first seconds, nor by other processes than the first one.

    Args:
        items: The steps.
        title: What is done, such as 'encoding 6400 sentences'.
    """
    from mmengine.dist import is_main_process

    if len(items) < 2 or not is_main_process():
        yield from items
    elif sys.stderr is not None and sys.stderr.isatty():
        from tqdm import tqdm

        yield from tqdm(items, title, delay=DELAY, leave=False)
    else:
        yield from _with_lines(items, title)


def _with_lines(items: Steps[Item], title: str) -> Iterator[Item]:
    from mmengine.logging import print_log

    start = time.monotonic()
    due = start + DELAY
    for done, item in enumerate(items):
        now = time.monotonic()
        if done and now >= due:
            left = (now - start) / done * (len(items) - done)
            print_log(f'{title}: {done} of {len(items)}, about {_span(left)} left', 'current')
            due = now + EVERY
        yield item


def _span(seconds: float) -> str:
    return f'{seconds:.0f} s' if seconds < 100 else f'{seconds / 60:.0f} min'
