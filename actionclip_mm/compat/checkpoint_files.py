"""Checkpoint files are there whole or not at all, and the newest whole one is found."""

import importlib
import inspect
import os
import os.path as osp
import re
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .replace import is_ours, mark

PART = '.part'  # the end of the names of files that are being written


def files_written_in_place() -> None:
    """mmengine writes over the old file; a crash in the middle leaves neither old nor new.

    Files on local disks are written beside it, flushed to the disk and renamed.
    """
    from mmengine.fileio import LocalBackend

    if not is_ours(LocalBackend.put) and 'replace(' not in inspect.getsource(LocalBackend.put):
        LocalBackend.put = mark(_put_whole)


def _put_whole(self: Any, obj: bytes, filepath: str | Path) -> None:
    filepath = osp.realpath(filepath)  # a link stays one
    folder = osp.dirname(filepath)
    os.makedirs(folder, exist_ok=True)
    handle, name = tempfile.mkstemp(PART, f'.{osp.basename(filepath)}.', folder)
    try:
        with os.fdopen(handle, 'wb') as file:
            file.write(obj)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, 0o666 & ~_umask())  # mkstemp's files are private
        os.replace(name, filepath)
    except BaseException:
        os.unlink(name)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def resume_without_last_checkpoint() -> None:
    """``--resume`` starts anew, silently, where ``last_checkpoint`` is cut or names no file.

    The newest ``epoch_*.pth`` or ``iter_*.pth`` of the folder is taken then.
    """
    find = importlib.import_module('mmengine.runner').find_latest_checkpoint
    if is_ours(find):
        return
    ours = mark(_or_newest(find))
    for name in ('', '.checkpoint', '.runner', '._flexible_runner'):  # each has a reference
        module = importlib.import_module(f'mmengine.runner{name}')
        if getattr(module, 'find_latest_checkpoint', None) is find:
            module.find_latest_checkpoint = ours  # type: ignore[attr-defined]


def _or_newest(find: Callable) -> Callable:
    def find_latest_checkpoint(path: str) -> str | None:
        named = find(path) if osp.isfile(osp.join(path, 'last_checkpoint')) else None
        if named and osp.exists(named):
            return named
        numbered = [
            (int(match[1]), str(file))
            for file in Path(path).glob('*.pth')
            if (match := re.fullmatch(r'(?:epoch|iter)_(\d+)\.pth', file.name))
        ]
        return max(numbered)[1] if numbered else find(path)

    return find_latest_checkpoint
