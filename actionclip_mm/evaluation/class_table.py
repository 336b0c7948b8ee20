"""Tables with one row per class, as CSV or JSON: id, name, number of videos, average precision."""

import csv
import io
import json
import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from ..utils import write_json, write_text
from .average_precision import ClassPrecision

# what the readers of csv, json and numbers raise
OTHER_CONTENT = (ValueError, LookupError, TypeError, OverflowError, RecursionError, csv.Error)


class ClassRow(NamedTuple):
    """A class; ``ap`` is NaN if the definition excludes the class."""

    class_id: int
    name: str
    positives: int
    ap: float


def class_rows(precision: ClassPrecision, names: Sequence[str] | None = None) -> list[ClassRow]:
    """Make one row per class, in id order.

    Args:
        precision: APs of C classes.
        names: C class names. Defaults to ``class 0`` and so on.

    Raises:
        ValueError: Not C names.
    """
    count = len(precision.values)
    names = [f'class {index}' for index in range(count)] if names is None else names
    if len(names) != count:
        raise ValueError(
            f'{count} class names are needed, got {len(names)}: use the label list of the tested '
            'model.'
        )
    table = zip(names, precision.positives.tolist(), precision.values.tolist(), strict=True)
    return [ClassRow(index, *row) for index, row in enumerate(table)]


def write_class_rows(rows: Sequence[ClassRow], path: str | Path) -> None:
    """Write ``.csv`` (empty where there is no AP) or ``.json`` (null), creating its folder."""
    path = check_table_path(path)
    filled = [row._asdict() | dict(ap=None if math.isnan(row.ap) else row.ap) for row in rows]
    if path.suffix == '.json':
        write_json(path, filled)
        return
    table = io.StringIO(newline='')
    writer = csv.DictWriter(table, ClassRow._fields)
    writer.writeheader()
    writer.writerows(filled)
    write_text(path, table.getvalue())


def read_class_rows(path: str | Path) -> list[ClassRow]:
    """Read what :func:`write_class_rows` wrote.

    Returns:
        One row per class, in id order.

    Raises:
        FileNotFoundError: No such file.
        ValueError: Another kind of file, or ids that are not 0, 1, 2 and so on.
    """
    path = check_table_path(path)
    if not path.is_file():
        raise FileNotFoundError(f"There is no table '{path}': pass the file of a test.")
    try:
        rows = [_row(entry) for entry in _entries(path)]
    except OTHER_CONTENT as error:
        raise ValueError(
            f"'{path}' is not a class table ({type(error).__name__}: {error}): use a file with "
            f'{", ".join(ClassRow._fields)}, as CharadesMAP writes it.'
        ) from error
    rows.sort(key=lambda row: row.class_id)
    if not rows or [row.class_id for row in rows] != list(range(len(rows))):
        raise ValueError(
            f"The ids of the {len(rows)} classes in '{path}' are not 0, 1, 2 and so on: pass the "
            'whole table of a test.'
        )
    return rows


def _entries(path: Path) -> Iterable[dict]:
    text = path.read_text(encoding='utf-8')
    if path.suffix == '.json':
        return json.loads(text)
    return csv.DictReader(io.StringIO(text, newline=''))  # a quoted name may hold line ends


def _row(entry: dict) -> ClassRow:
    ap = math.nan if entry['ap'] in (None, '') else float(entry['ap'])
    return ClassRow(int(entry['class_id']), entry['name'], int(entry['positives']), ap)


def check_table_path(path: str | Path) -> Path:
    """Refuse file names that end neither in .csv nor in .json."""
    path = Path(path)
    if path.suffix not in ('.csv', '.json'):
        raise ValueError(f"'{path}' must end in .csv or .json.")
    return path
