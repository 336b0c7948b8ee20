"""Checkpoint files are there whole or not at all, and the newest whole one is found."""

import importlib
import inspect
import os.path as osp
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..utils.whole_files import write_bytes
from .replace import is_ours, mark


def files_written_in_place() -> None:
    """mmengine writes over the old file; a crash in the middle leaves neither old nor new.

    Checkpoints, dumps and JSON files on local disks are written next to it, flushed and renamed.
    """
    from mmengine.fileio import LocalBackend

    if not is_ours(LocalBackend.put) and 'replace(' not in inspect.getsource(LocalBackend.put):
        LocalBackend.put, LocalBackend.put_text = mark(_put_whole), mark(_put_text_whole)


def _put_whole(self: Any, obj: bytes, filepath: str | Path) -> None:
    write_bytes(filepath, obj)


def _put_text_whole(self: Any, obj: str, filepath: str | Path, encoding: str = 'utf-8') -> None:
    write_bytes(filepath, obj.encode(encoding))


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
