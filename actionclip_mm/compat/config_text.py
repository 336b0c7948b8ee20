"""Configs as code: mmengine writes keys as they are, and substitutes in what it wrote."""

import json
from collections.abc import Callable
from keyword import iskeyword
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from ..utils.foreign_text import literal
from ..utils.whole_files import write_text
from .fixes import fix


@fix()
def escape_dumped_configs() -> None:
    """A dumped config runs or changes names that hold quotes, braces or code when it is read.

    ``Config.pretty_text`` puts keys between quotes without escapes, so that a class named in
    ``templates`` could be code, and an apostrophe ended in a traceback. ``{{$HOME:none}}`` in a
    string was replaced by the environment's value when the dumped config was read.
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
    """JSON and YAML have the same substitutions; a text with braces becomes JSON, which is both.

    Files are written whole, also the copy of its config that each run keeps.
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
    """A string whose code has nothing to substitute."""

    __slots__ = ()

    def __repr__(self) -> str:
        return literal(str(self))


class _Key(_Text):
    """A key that mmengine may write between single quotes, or as a name if it is one."""

    __slots__ = ()

    def __str__(self) -> str:
        return self

    def __format__(self, spec: str) -> str:
        return literal(f'"{str.__str__(self)}')[2:-1]  # the double quote makes repr take single

    def isidentifier(self) -> bool:
        return super().isidentifier() and not iskeyword(self)
