"""One run at a time in a work dir: two would write over each other's checkpoints.

The run holds a lock of the operating system on the file ``.lock``, which also names it. The system
releases the lock with the process, so that a killed run never blocks the next one.
"""

import errno
import fcntl
import json
import os
import shlex
import socket
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .whole_files import name_errors

LOCK_NAME = '.lock'
BUSY = (errno.EACCES, errno.EAGAIN)


class WorkDirLock:
    """Hold a work dir until :meth:`release`, the end of a ``with`` block or of the process.

    Within one process the same folder may be locked again: a run and its parts share it.

    Args:
        folder: The work dir; made where it is not there.
        command: What the run was started with, for the others. Defaults to ``sys.argv``.

    Raises:
        RuntimeError: Another run holds it.
        OSError: The lock file cannot be written.
    """

    _held: set[tuple[int, str]] = set()  # process and folder

    def __init__(self, folder: str | Path, command: Sequence[str] | None = None) -> None:
        self.folder = os.path.realpath(folder)
        self.path = os.path.join(self.folder, LOCK_NAME)
        self._key = (os.getpid(), self.folder)
        self._file: int | None = None
        if self._key in self._held:
            return
        with name_errors(self.path):
            os.makedirs(self.folder, exist_ok=True)
            while self._file is None:
                self._file = self._try(sys.argv if command is None else command)
        self._held.add(self._key)

    def _try(self, command: Sequence[str]) -> int | None:
        """The locked file, or None where the other run removed it in the meantime."""
        file = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            locked = _lock(file)
            owner = _owner(file)
            if not locked:
                raise RuntimeError(_refusal(self.folder, owner or _named_soon(file)))
            if not _is_same_file(file, self.path):
                os.close(file)
                return None
            os.ftruncate(file, 0)
            os.pwrite(file, json.dumps(_this_run(command)).encode(), 0)
        except BaseException:
            os.close(file)
            raise
        return file

    def release(self) -> None:
        """Leave the work dir to others; nothing happens in forked processes."""
        if self._file is None or self._key[0] != os.getpid():
            return
        if _is_same_file(self._file, self.path):
            os.unlink(self.path)  # before it is unlocked: nobody else can have it
        os.close(self._file)
        self._file = None
        self._held.discard(self._key)

    def __enter__(self) -> 'WorkDirLock':
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


def _lock(file: int) -> bool:
    """Whether this process has the file now; where the disk knows no locks, whether it may."""
    try:
        # belongs to the process: workers that were forked do not keep it
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in BUSY:
            return False
        owner = _owner(file)
        return owner is None or not _may_be_alive(owner)
    return True


def _owner(file: int) -> dict[str, Any] | None:
    """What the last run said of itself; None where it said nothing."""
    try:
        owner = json.loads(os.pread(file, 10_000, 0))
        return dict(owner, pid=int(owner['pid']), host=str(owner['host']))
    except (ValueError, TypeError, KeyError):
        return None


def _named_soon(file: int) -> dict[str, Any]:
    """The run that has just locked the file; what it says of itself comes a moment later."""
    for _ in range(50):
        time.sleep(0.02)
        if (owner := _owner(file)) is not None:
            return owner
    return dict(pid='?', host=socket.gethostname(), since='?', command='unknown')


def _may_be_alive(owner: dict[str, Any]) -> bool:
    if owner['host'] != socket.gethostname():
        return True
    try:
        os.kill(owner['pid'], 0)
    except ProcessLookupError:
        return False
    except OSError:  # it belongs to somebody else
        return True
    return True


def _this_run(command: Sequence[str]) -> dict[str, Any]:
    return dict(
        pid=os.getpid(),
        host=socket.gethostname(),
        since=time.strftime('%Y-%m-%d %H:%M:%S'),
        command=shlex.join(command)[:1000],
    )


def _refusal(folder: str, owner: dict[str, Any]) -> str:
    pid, host = owner['pid'], owner['host']
    here = host == socket.gethostname()
    stop = f'stop it (kill {pid}' + (')' if here else f' on {host})')
    file = os.path.join(folder, LOCK_NAME)
    forget = '' if here else f', if it is dead remove {file}'
    return (
        f"'{folder}' is in use by process {pid} on {host} since {owner.get('since')} "
        f'({owner.get("command")}): wait for it, {stop} and go on with --resume{forget}, or give '
        'another --work-dir.'
    )


def _is_same_file(file: int, path: str) -> bool:
    try:
        return os.path.samestat(os.fstat(file), os.stat(path))
    except FileNotFoundError:
        return False
