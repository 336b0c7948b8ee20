"""Child processes that never outlive the block, or the process, that started them."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

GRACE = 30.0  # seconds between SIGTERM and SIGKILL


@contextmanager
def child(command: Sequence[str], **options: Any) -> Iterator[subprocess.Popen]:
    """Start a process; end it if the block fails or is interrupted.

    Args:
        command: As in :class:`subprocess.Popen`.
        options: As in :class:`subprocess.Popen`.
    """
    process = subprocess.Popen(command, **options)
    try:
        with process:
            try:
                yield process
            except BaseException:
                end(process)
                raise
    finally:
        if process.poll() is None:
            process.kill()


def end(process: subprocess.Popen) -> None:
    """Terminate a process; kill it after :data:`GRACE` seconds."""
    process.terminate()
    try:
        process.wait(GRACE)
    except BaseException:  # too slow, or interrupted a second time
        process.kill()
        if not isinstance(sys.exc_info()[1], subprocess.TimeoutExpired):
            raise


def begin_worker() -> None:
    """Initializer of pools: leave Ctrl-C to the parent, and end within a second after it.

    The workers of a parent that was killed would wait for their next task for ever.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_after, args=(os.getppid(),), daemon=True).start()


def _end_after(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1.0)
    os._exit(1)
