"""Work that must not take longer than some seconds, though nothing can interrupt it."""

import threading
from collections.abc import Callable
from typing import TypeVar

Result = TypeVar('Result')


def within(seconds: float | None, work: Callable[[], Result]) -> Result:
    """Does work in a thread and gives up waiting for it after some seconds.

    Decoders are C code that Python cannot interrupt. A thread whose time is over is abandoned: it
    keeps its memory and goes on until its work ends or the process does, which it does not hold up.

    Args:
        seconds: The limit; None does the work in the calling thread.
        work: What to do.

    Raises:
        TimeoutError: The work was not done in time.
        Exception: What the work raised.
    """
    if seconds is None:
        return work()
    results: list[Result] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(work())
        except BaseException as error:  # raised again in the caller's thread
            errors.append(error)

    thread = threading.Thread(target=run, daemon=True, name='decoding')
    thread.start()
    thread.join(seconds)
    if errors:
        raise errors[0]
    if not results:
        raise TimeoutError
    return results[0]
