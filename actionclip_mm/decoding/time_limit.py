"""Time limit for C code that Python cannot interrupt."""

import os
import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import TypeVar

Result = TypeVar('Result')
Work = Callable[[], Result]
Answers = SimpleQueue[tuple[Result] | BaseException]


class _Worker:
    """A thread that runs tasks one after the other."""

    def __init__(self) -> None:
        self._tasks: SimpleQueue[tuple[Work, Answers] | None] = SimpleQueue()
        threading.Thread(target=self._run, daemon=True, name='decoding').start()

    def do(self, work: Work[Result]) -> 'Answers[Result]':
        """Queue a task; its result or error goes to the returned queue."""
        answers: Answers[Result] = SimpleQueue()
        self._tasks.put((work, answers))
        return answers

    def end(self) -> None:
        """End the thread after its current task."""
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


# Threads are reused: if a thread that used OpenCV's pool ends just before a fork (by a DataLoader),
# some children hang in OpenCV (measured: docs/decoding.md).
_idle: list[_Worker] = []
if hasattr(os, 'register_at_fork'):
    os.register_at_fork(after_in_child=_idle.clear)  # threads do not survive a fork


def in_background(work: Work[Result]) -> 'Answers[Result]':
    """Start ``work`` in a reused thread that does not keep the process alive.

    Returns:
        Gets the result in a tuple, or the error.
    """
    worker = _idle.pop() if _idle else _Worker()

    def do_and_rest() -> Result:
        try:
            return work()
        finally:
            _idle.append(worker)

    return worker.do(do_and_rest)


def within(seconds: float | None, work: Work[Result]) -> Result:
    """Run ``work`` in a thread and stop waiting after some seconds.

    A thread past its limit is abandoned: it keeps its memory and runs until its work or the process
    ends, and does not keep the process alive. Work must release the GIL, as decoders do.

    Args:
        seconds: The limit; None runs the work in the calling thread.
        work: What to do.

    Raises:
        TimeoutError: The limit was reached.
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
    finally:  # also if the wait is interrupted
        if done:
            _idle.append(worker)
        else:
            worker.end()
    if isinstance(answer, tuple):
        return answer[0]
    try:
        raise answer
    finally:
        del answer  # break the reference cycle between the error and this frame
