"""Checkpoint files: written atomically, with the right epoch, and found again."""

import functools
import importlib
import inspect
import os.path as osp
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..utils.whole_files import write_bytes
from .fixes import fix, replace_function


def _writes_in_place() -> bool:
    from mmengine.fileio import LocalBackend

    return 'replace(' not in inspect.getsource(LocalBackend.put)


@fix(_writes_in_place)
def write_files_atomically() -> None:
    """mmengine overwrites files in place: a crash in the middle leaves neither old nor new.

    Checkpoints, dumps and JSON files on local disks are written next to it, flushed and renamed.
    """
    from mmengine.fileio import LocalBackend

    LocalBackend.put, LocalBackend.put_text = _put, _put_text


def _put(self: Any, obj: bytes, filepath: str | Path) -> None:
    write_bytes(filepath, obj)


def _put_text(self: Any, obj: str, filepath: str | Path, encoding: str = 'utf-8') -> None:
    write_bytes(filepath, obj.encode(encoding))


@fix()
def find_newest_checkpoint() -> None:
    """``--resume`` starts anew, silently, where ``last_checkpoint`` is cut or its folder has moved.

    ``last_checkpoint`` holds an absolute path. A file of that name in the folder comes first, then
    the path itself, then the newest ``epoch_*.pth`` or ``iter_*.pth`` of the folder.
    """
    find = importlib.import_module('mmengine.runner').find_latest_checkpoint
    replace_function(find, _or_newest(find))


def _or_newest(find: Callable) -> Callable:
    def find_latest_checkpoint(path: str) -> str | None:
        named = find(path) if osp.isfile(osp.join(path, 'last_checkpoint')) else None
        for place in (osp.join(path, osp.basename(named)), named) if named else ():
            if osp.exists(place):
                return place
        numbered = [
            (int(match[1]), str(file))
            for file in Path(path).glob('*.pth')
            if (match := re.fullmatch(r'(?:epoch|iter)_(\d+)\.pth', file.name))
        ]
        return max(numbered)[1] if numbered else find(path)

    return find_latest_checkpoint


def _overwrites_epoch() -> bool:
    from mmengine.runner import FlexibleRunner

    return 'meta.update(epoch=' in inspect.getsource(FlexibleRunner.save_checkpoint)


@fix(_overwrites_epoch)
def save_requested_epoch() -> None:
    """FlexibleRunner counts an epoch twice in checkpoints that are saved again after validation.

    The hook says which epoch it is (as it does to ``Runner``), and this runner overwrites it with
    the next one: a resumed run would skip an epoch.
    """
    from mmengine.runner import FlexibleRunner

    FlexibleRunner.save_checkpoint = _with_requested_epoch(FlexibleRunner.save_checkpoint)


def _with_requested_epoch(save: Callable) -> Callable:
    @functools.wraps(save)
    def save_checkpoint(self: Any, *args: Any, meta: dict | None = None, **kwargs: Any) -> None:
        asked = dict(meta or {})
        write = self.strategy.save_checkpoint

        def write_as_asked(*args: Any, extra_ckpt: dict, **kwargs: Any) -> None:
            extra_ckpt['meta'].update(asked)
            write(*args, extra_ckpt=extra_ckpt, **kwargs)

        self.strategy.save_checkpoint = write_as_asked
        try:
            save(self, *args, meta=meta, **kwargs)
        finally:
            del self.strategy.save_checkpoint  # the method of the class remains

    return save_checkpoint
