"""Work that must not take longer than some seconds, though nothing can interrupt it."""

import os
import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import TypeVar

Result = TypeVar('Result')
Work = Callable[[], Result]
Answers = SimpleQueue[tuple[Result] | BaseException]


class _Worker:
    """A thread that does one piece of work after the other."""

    def __init__(self) -> None:
        self._tasks: SimpleQueue[tuple[Work, Answers] | None] = SimpleQueue()
        threading.Thread(target=self._run, daemon=True, name='decoding').start()

    def do(self, work: Work[Result]) -> 'Answers[Result]':
        """Where the result of the work, or its error, will be put."""
        answers: Answers[Result] = SimpleQueue()
        self._tasks.put((work, answers))
        return answers

    def end(self) -> None:
        """Lets the thread end after what it is doing."""
        self._tasks.put(None)

    def _run(self) -> None:
        while (task := self._tasks.get()) is not None:
            _answer(*task)
            del task  # it holds the frames


def _answer(work: Work[Result], answers: 'Answers[Result]') -> None:
    try:
        answers.put((work(),))
    except BaseException as error:  # raised again in the caller's thread
        answers.put(error)


# Threads are kept for the next video: where one that used OpenCV's pool of threads ends just before
# a fork (by a DataLoader), some children wait for ever in OpenCV (measured: docs/decoding.md).
_idle: list[_Worker] = []
if hasattr(os, 'register_at_fork'):
    os.register_at_fork(after_in_child=_idle.clear)  # no thread comes along into a forked process


def within(seconds: float | None, work: Work[Result]) -> Result:
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
    done = False
    try:
        answer = worker.do(work).get(timeout=seconds)
        done = True
    except Empty:
        raise TimeoutError from None
    finally:  # also where the wait is interrupted
        if done:
            _idle.append(worker)
        else:
            worker.end()
    if isinstance(answer, tuple):
        return answer[0]
    try:
        raise answer
    finally:
        del answer  # it holds this frame: the two would wait for the garbage collection
