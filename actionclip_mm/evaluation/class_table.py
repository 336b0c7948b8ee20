"""A table of one row per class, as CSV or JSON: id, name, number of videos, average precision."""

import csv
import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from .average_precision import ClassPrecision


class ClassRow(NamedTuple):
    """A class; ``ap`` is NaN where the definition leaves the class out."""

    class_id: int
    name: str
    positives: int
    ap: float


def class_rows(precision: ClassPrecision, names: Sequence[str] | None = None) -> list[ClassRow]:
    """One row per class, in the order of ids.

    Args:
        precision: What was measured, of C classes.
        names: C class names. Defaults to ``class 0`` and so on.

    Raises:
        ValueError: Another number of names than classes.
    """
    count = len(precision.values)
    names = [f'class {index}' for index in range(count)] if names is None else names
    if len(names) != count:
        raise ValueError(
            f'{len(names)} class names came for scores of {count} classes: give the label list of '
            'the model that was tested.'
        )
    table = zip(names, precision.positives.tolist(), precision.values.tolist(), strict=True)
    return [ClassRow(index, *row) for index, row in enumerate(table)]


def write_class_rows(rows: Sequence[ClassRow], path: str | Path) -> None:
    """Writes ``.csv`` (empty where there is no AP) or ``.json`` (null), making its folder."""
    path = check_table_path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    filled = [row._asdict() | dict(ap=None if math.isnan(row.ap) else row.ap) for row in rows]
    if path.suffix == '.json':
        path.write_text(json.dumps(filled, indent=1, ensure_ascii=False), encoding='utf-8')
        return
    with path.open('w', newline='', encoding='utf-8') as file:
        writer = csv.DictWriter(file, ClassRow._fields)
        writer.writeheader()
        writer.writerows(filled)


def read_class_rows(path: str | Path) -> list[ClassRow]:
    """Reads what :func:`write_class_rows` wrote.

    Raises:
        FileNotFoundError: No such file.
        ValueError: A file of another kind or content.
    """
    path = check_table_path(path)
    if not path.is_file():
        raise FileNotFoundError(f"There is no table '{path}': give the file of a test.")
    text = path.read_text(encoding='utf-8')
    try:
        entries = (
            json.loads(text) if path.suffix == '.json' else list(csv.DictReader(text.splitlines()))
        )
        return [
            ClassRow(
                int(entry['class_id']),
                entry['name'],
                int(entry['positives']),
                math.nan if entry['ap'] in (None, '') else float(entry['ap']),
            )
            for entry in entries
        ]
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(
            f"'{path}' is no table of classes ({type(error).__name__}: {error}): give a file with "
            f'{", ".join(ClassRow._fields)}, as CharadesMAP writes it.'
        ) from error


def check_table_path(path: str | Path) -> Path:
    """Refuses file names that say neither CSV nor JSON."""
    path = Path(path)
    if path.suffix not in ('.csv', '.json'):
        raise ValueError(f"'{path}' says no format: let its name end in .csv or .json.")
    return path
