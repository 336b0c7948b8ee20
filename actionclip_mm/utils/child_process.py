"""Child processes that never outlive the block that started them."""

import subprocess
import sys
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
