"""Memory of a process and of its children, from /proc; 0 where there is none."""

import os
from pathlib import Path

KiB = 1024


def peak_bytes(pid: int | str = 'self') -> int:
    """Peak resident memory of a process, and what its children hold for themselves now.

    Children are decoding processes, which share the memory of their parent except for this part.
    """
    own = _field(f'/proc/{pid}/status', 'VmHWM')
    return own + sum(_private(child) for child in _children(pid))


def _children(pid: int | str) -> list[str]:
    number = os.getpid() if pid == 'self' else pid
    try:
        return Path(f'/proc/{number}/task/{number}/children').read_text().split()
    except OSError:
        return []


def _private(pid: str) -> int:
    place = f'/proc/{pid}/smaps_rollup'
    return _field(place, 'Private_Clean') + _field(place, 'Private_Dirty')


def _field(place: str, name: str) -> int:
    try:
        lines = Path(place).read_text().splitlines()
    except OSError:  # another system, or a process that has ended
        return 0
    return next((KiB * int(line.split()[1]) for line in lines if line.startswith(f'{name}:')), 0)
