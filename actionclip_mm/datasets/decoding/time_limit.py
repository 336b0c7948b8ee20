"""Work that must not take longer than some seconds, though nothing can interrupt it."""

import os
import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from queue import SimpleQueue
from typing import TypeVar

Result = TypeVar('Result')


class _Worker:
    """A thread that does one piece of work after the other."""

    def __init__(self) -> None:
        self._tasks: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        threading.Thread(target=self._run, daemon=True, name='decoding').start()

    def do(self, work: Callable[[], Result]) -> 'Future[Result]':
        future: Future[Result] = Future()
        self._tasks.put(lambda: _fulfil(future, work))
        return future

    def end(self) -> None:
        """Lets the thread end after what it is doing."""
        self._tasks.put(None)

    def _run(self) -> None:
        task = self._tasks.get()
        while task is not None:
            task()
            del task  # it holds the frames
            task = self._tasks.get()


def _fulfil(future: 'Future[Result]', work: Callable[[], Result]) -> None:
    try:
        future.set_result(work())
    except BaseException as error:  # raised again in the caller's thread
        future.set_exception(error)


# Threads are kept for the next video: one that ends still tidies up after Python sees it gone. A
# lock that it holds then stays locked in a process that is forked meanwhile (by a DataLoader): the
# likely cause of workers seen waiting for a mutex of OpenCV for ever, with Python's lock held.
_idle: list[_Worker] = []
if hasattr(os, 'register_at_fork'):
    os.register_at_fork(after_in_child=_idle.clear)  # no thread comes along into a forked process


def within(seconds: float | None, work: Callable[[], Result]) -> Result:
    """Does work in a thread and gives up waiting for it after some seconds.

    Decoders are C code that Python cannot interrupt. A thread whose time is over is abandoned: it
    keeps its memory and goes on until its work ends or the process does, which it does not hold up.
    Work that does not let go of Python's lock (GIL) cannot be given up; decoders do.

    Args:
        seconds: The limit; None does the work in the calling thread.
        work: What to do.

    Raises:
        TimeoutError: The work was not done in time.
        Exception: What the work raised.
    """
    if seconds is None:
        return work()
    worker = _idle.pop() if _idle else _Worker()
    future = worker.do(work)
    wait([future], seconds)
    if not future.done():
        worker.end()
        raise TimeoutError
    _idle.append(worker)
    return future.result()
