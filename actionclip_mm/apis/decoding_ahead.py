"""Decode in threads while the model computes, and hand items over in the order of their sources."""

import os
import threading
from collections.abc import Callable, Iterable
from typing import Any, Generic, TypeVar

from ..decoding.time_limit import in_background

Source = TypeVar('Source')
Item = TypeVar('Item')

MOST_WORKERS = 4
MOST_AHEAD = 32  # decoded items that wait, at most
AHEAD_BYTES = 256 * 2**20  # memory of decoded items that wait


class DecodedAhead(Generic[Source, Item]):
    """Iterate over decoded items in the order of their sources; threads decode the next ones.

    Use it in a ``with`` statement: leaving it stops the threads after their current item. Threads
    are reused and do not keep the process alive.

    Args:
        sources: What to decode; an iterator is read as far as it is decoded.
        read: Decodes one source; called by several threads at once.
        workers: Number of threads; 0 decodes in the calling thread, when an item is asked for.
            None, the default, is :func:`default_workers`.
        bytes_of: Memory of an item; up to 256 MiB and 32 items wait. Defaults to 0 bytes each.

    Raises:
        Exception: What ``read`` or the iterator raised, when it is the turn of its item.
    """

    def __init__(
        self,
        sources: Iterable[Source],
        read: Callable[[Source], Item],
        workers: int | None = None,
        bytes_of: Callable[[Item], int] = lambda _: 0,
    ) -> None:
        self._sources, self._read, self._bytes_of = iter(sources), read, bytes_of
        self._workers = default_workers() if workers is None else workers
        self._state = threading.Condition()
        self._items: dict[int, Item | _Failure] = {}
        self._threads = self._taken = self._given = 0  # _taken by threads, _given to the caller
        self._ahead = self._workers  # until the memory of an item is known
        self._ended = self._closed = False

    def __enter__(self) -> 'DecodedAhead[Source, Item]':
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def __iter__(self) -> 'DecodedAhead[Source, Item]':
        return self

    def __next__(self) -> Item:
        if self._closed:
            raise StopIteration
        if not self._workers:
            return self._read(next(self._sources))
        while self._threads < self._workers:
            self._threads += 1
            in_background(self._work)
        with self._state:
            self._state.wait_for(self._can_give)
            if self._given not in self._items:
                raise StopIteration
            item = self._items.pop(self._given)
            self._given += 1
            self._state.notify_all()
        if isinstance(item, _Failure):
            self.close()
            raise item.error
        return item

    def ready(self) -> bool:
        """Whether the next item needs no waiting."""
        return self._given in self._items

    def close(self) -> None:
        """Stop decoding; a thread in the middle of an item ends after it."""
        with self._state:
            self._closed = self._ended = True
            self._items.clear()
            self._state.notify_all()

    def _can_give(self) -> bool:
        return self._closed or self.ready() or (self._ended and self._given == self._taken)

    def _work(self) -> None:
        """Decode items until there are none, in a thread."""
        while (task := self._take()) is not None:
            number, source = task
            item: Item | _Failure
            try:
                item = self._read(source)
                room = AHEAD_BYTES // max(self._bytes_of(item), 1)
            except BaseException as error:  # raised again in the caller's thread
                item, room = _Failure(error), MOST_AHEAD
            with self._state:
                self._ahead = max(self._workers, min(MOST_AHEAD, room))
                if not self._closed:
                    self._items[number] = item
                self._state.notify_all()
            del item, source, task  # they may hold frames

    def _take(self) -> tuple[int, Source] | None:
        """The next source with its number, once there is room for its item; None at the end."""
        with self._state:
            self._state.wait_for(lambda: self._ended or self._taken - self._given < self._ahead)
            if self._ended:
                return None
            try:
                source = next(self._sources)
            except BaseException as error:
                self._ended = True
                if not isinstance(error, StopIteration):
                    self._items[self._taken] = _Failure(error)
                    self._taken += 1
                self._state.notify_all()
                return None
            self._taken += 1
            return self._taken - 1, source


class _Failure:
    """An error in the place of an item."""

    def __init__(self, error: BaseException) -> None:
        self.error = error


def default_workers() -> int:
    """One thread per processor that this process may use, 4 at most."""
    count = len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count()
    return max(1, min(MOST_WORKERS, count or 1))
