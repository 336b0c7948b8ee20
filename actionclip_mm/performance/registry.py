"""Rows of ``actionclip benchmark speed``: named comparisons of several ways to do the same work.

A module of :mod:`.rows` holds the rows of one area. It imports only this module and the standard
library at its top, so that listing the rows is fast; functions import what they measure.
"""

import pkgutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from pathlib import Path

from ..utils.checks import UserError
from .measuring import Way


class RowSkipped(UserError, RuntimeError):
    """A row cannot be measured here; the message says what is missing."""


@dataclass(frozen=True)
class Options:
    """Options of the command that rows may use.

    Attributes:
        scratch: Empty folder for this row's files, deleted after it.
        arch: open_clip model name.
        pretrained: open_clip tag or weight file, None for random weights.
        device: ``'cpu'`` or a CUDA device.
        threads: Threads of torch and OpenCV.
        tiny: Whether to measure the smallest sizes that still run (tests).
    """

    scratch: Path
    arch: str = 'ViT-B-32'
    pretrained: str | None = None
    device: str = 'cpu'
    threads: int = 1
    tiny: bool = False


@dataclass(frozen=True)
class Comparison:
    """What a row measures.

    Attributes:
        ways: The first is what the others are compared with (the plain way, a stock component).
        difference: Largest difference between the results of the ways, None if it is not a number.
        test: Name of the test that bounds the difference, ``tests/…py::test_name``.
        unit: What times are of, such as ``'video'`` or ``'batch of 16'``.
        note: A sentence to print with the result, such as sizes that were drawn.
        memory: Whether to measure the peak memory of tensors.
        rounds: Most timings of each way, for slow rows; None for the command's.
    """

    ways: Sequence[Way]
    difference: float | None
    test: str
    unit: str = 'call'
    note: str = ''
    memory: bool = False
    rounds: int | None = None


@dataclass(frozen=True)
class Row:
    """A registered row.

    Attributes:
        name: Name on the command line.
        title: What is measured, with its sizes.
        prepare: Builds the comparison; not timed.
        target: The speed-up to reach, as text.
    """

    name: str
    title: str
    prepare: Callable[[Options], Comparison] = field(repr=False)
    target: str = ''


_rows: dict[str, Row] = {}


def row(
    name: str, title: str, target: str = '', **settings: object
) -> Callable[[Callable[..., Comparison]], Callable[..., Comparison]]:
    """Register a function as a row. Several may be stacked, with different settings.

    Args:
        name: Unique name.
        title: What is measured, with its sizes.
        target: The speed-up to reach, such as ``'>= 9x'``.
        **settings: Keyword arguments of the function.

    Raises:
        ValueError: The name is taken.
    """

    def register(function: Callable[..., Comparison]) -> Callable[..., Comparison]:
        if name in _rows:
            raise ValueError(f'There are two rows named {name!r}: rename one.')
        _rows[name] = Row(name, title, partial(function, **settings), target)
        return function

    return register


def all_rows() -> dict[str, Row]:
    """All rows by name, sorted by area and then in the order of their definition."""
    from . import rows

    for module in sorted(info.name for info in pkgutil.iter_modules(rows.__path__)):
        import_module(f'{rows.__name__}.{module}')
    return dict(_rows)


def choose(names: Sequence[str]) -> list[Row]:
    """Rows of these names, or of the areas that begin with them; all rows if none are given.

    Raises:
        ValueError: No row has such a name.
    """
    rows = all_rows()
    unknown = [name for name in names if not any(key.startswith(name) for key in rows)]
    if unknown:
        raise ValueError(f'No row is named {unknown[0]!r}: choose from {", ".join(rows)}.')
    return [
        entry for key, entry in rows.items() if not names or any(key.startswith(n) for n in names)
    ]
