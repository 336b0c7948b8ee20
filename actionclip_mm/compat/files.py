"""Files that mmengine writes: atomic, with the right epoch, configs escaped; newest checkpoint."""

import functools
import importlib
import inspect
import json
import os.path as osp
import re
from collections.abc import Callable
from keyword import iskeyword
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from mmengine.logging import print_log

from ..utils.config_paths import resolve_paths
from ..utils.foreign_text import literal
from ..utils.whole_files import write_bytes, write_text
from .fixes import fix, replace_function


def _writes_in_place() -> bool:
    from mmengine.fileio import LocalBackend

    return 'replace(' not in inspect.getsource(LocalBackend.put)


@fix(_writes_in_place)
def write_files_atomically() -> None:
    """mmengine overwrites files in place: a crash in the middle leaves neither old nor new.

    Files on local disks are written under a temporary name, flushed and renamed.
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


@fix()
def resolve_config_paths() -> None:
    """Relative paths of a config are those of the current folder, also in a config elsewhere.

    A path that does not exist there is looked up next to the config and in this package, and a
    line in the log says so.
    """
    from mmengine.runner import FlexibleRunner, Runner

    for kind in (Runner, FlexibleRunner):
        kind.from_cfg = classmethod(_resolving(kind.from_cfg.__func__))


def _resolving(from_cfg: Callable) -> Callable:
    @functools.wraps(from_cfg)
    def resolved(cls: Any, cfg: Any) -> Any:
        for line in resolve_paths(cfg):
            print_log(f'Not in the current folder, so {line}.', 'current')
        return from_cfg(cls, cfg)

    return resolved


def _overwrites_epoch() -> bool:
    from mmengine.runner import FlexibleRunner

    return 'meta.update(epoch=' in inspect.getsource(FlexibleRunner.save_checkpoint)


@fix(_overwrites_epoch)
def save_requested_epoch() -> None:
    """FlexibleRunner counts an epoch twice in checkpoints that are saved again after validation.

    It overwrites the epoch that the hook passes with the next one, so a resumed run would skip one.
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


@fix()
def escape_dumped_configs() -> None:
    """Reading a dumped config may run or change names that hold quotes, braces or code.

    ``Config.pretty_text`` quotes keys without escaping them, so a class name could be code, and an
    apostrophe is a syntax error. ``{{$HOME:none}}`` in a string is replaced by the environment's
    value when the dumped config is read.
    """
    from mmengine import Config

    Config.pretty_text = property(_with_escapes(Config.pretty_text.fget))
    Config.dump = _data_with_escapes(Config.dump)


def _with_escapes(pretty_text: Callable) -> Callable:
    def escaped(self: Any) -> str:
        stand_in = SimpleNamespace(
            to_dict=lambda: _wrapped(self.to_dict()),
            _format_python_code=self._format_python_code,
        )
        return pretty_text(stand_in)

    return escaped


def _data_with_escapes(dump: Callable) -> Callable:
    """Escape braces in JSON and YAML too: a text with braces is written as JSON, which is both.

    Files are written atomically.
    """

    def dump_escaped(self: Any, file: Any = None) -> Any:
        suffix = Path(str(file or self.filename or '.py')).suffix
        if suffix == '.py':
            return dump(self) if file is None else write_text(file, self.pretty_text)
        text = json.dumps(self.to_dict(), indent=1, default=str)
        if '{{' not in text:
            return dump(self, file)
        text = text.replace('{{', '{\\u007b')
        return text if file is None else write_text(file, text)

    return dump_escaped


def _wrapped(value: Any) -> Any:
    if isinstance(value, dict):
        return {_Key(k) if isinstance(k, str) else k: _wrapped(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(map(_wrapped, value)) if type(value) in (list, tuple) else value
    return _Text(value) if type(value) is str else value


class _Text(str):
    """A string whose ``repr`` has nothing to substitute."""

    __slots__ = ()

    def __repr__(self) -> str:
        return literal(str(self))


class _Key(_Text):
    """A key that mmengine may write in single quotes, or as a keyword argument."""

    __slots__ = ()

    def __str__(self) -> str:
        return self

    def __format__(self, spec: str) -> str:
        return literal(f'"{str.__str__(self)}')[2:-1]  # the double quote makes repr take single

    def isidentifier(self) -> bool:
        return super().isidentifier() and not iskeyword(self)
