"""CSV, TSV and JSON files of path, label and split, read as clips with class names."""

import csv
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..utils import list_names, read_json, read_text
from ..utils.label_names import trim
from .folders import SPLIT_FOLDERS, Row, is_video

SUFFIXES = ('.csv', '.tsv', '.json', '.jsonl')
# names of columns, in lower case
PATHS = ('path', 'file', 'filename', 'filepath', 'video', 'video_path')
LABELS = ('label', 'class', 'class_name', 'label_name', 'category', 'action')
SPLIT_COLUMNS = ('split', 'subset', 'set')


def read_table(table: Path) -> tuple[Path, list[Row], list[str]]:
    """Root, rows and notes of a table.

    Raises:
        FileNotFoundError: Files that it names do not exist.
        ValueError: Another format, missing columns or values, contradictory rows.
    """
    if table.suffix.lower() not in SUFFIXES:
        raise ValueError(
            f"Unsupported suffix '{table.suffix}' of '{table}': give a folder with one folder per "
            f'class, or a {", ".join(SUFFIXES)} file.'
        )
    read = _json_rows if table.suffix.lower() in ('.json', '.jsonl') else _csv_rows
    found: dict[str, tuple[str, str | None, str]] = {}
    repeated = 0
    for place, row in read(table):
        path, label, split = _values(place, row)
        absolute = os.path.normpath(table.absolute().parent / path)
        before = found.setdefault(absolute, (label, split, place))
        if before[:2] != (label, split):
            what = 'classes' if before[0] != label else 'splits'
            raise ValueError(f"{place} and {before[2]} give '{path}' two {what}: keep one.")
        repeated += before[2] != place
    if not found:
        raise ValueError(f"'{table}' has no rows: give at least two clips of two classes.")
    _check_files(table, found)
    folder = str(table.absolute().parent)
    if not all(path.startswith(folder + os.sep) for path in found):
        folder = os.path.commonpath([os.path.dirname(path) for path in found])
    rows: list[Row] = [
        (Path(path).relative_to(folder).as_posix(), label, split)
        for path, (label, split, _) in found.items()
    ]
    with_split = sum(split is not None for *_, split in rows)
    if with_split and with_split < len(rows):
        raise ValueError(
            f"{len(rows) - with_split} of {len(rows)} rows of '{table}' have no split: give all "
            'rows one, or none.'
        )
    notes = [f'{repeated} repeated rows are ignored.'] if repeated else []
    if all(label.isdecimal() for _, label, _ in rows):
        notes.append(
            'All class names are numbers, which the text tower knows nothing about: write words.'
        )
    return Path(folder), rows, notes


def _values(place: str, row: dict[str, Any]) -> tuple[str, str, str | None]:
    keys = {str(key).strip().lower(): value for key, value in row.items() if key is not None}
    found = []
    for kind, names in (('path', PATHS), ('label', LABELS)):
        value = next((keys[name] for name in names if keys.get(name) is not None), None)
        if isinstance(value, (list, dict)):
            raise ValueError(f'{place} has several values as its {kind}: give one {kind} per clip.')
        text = trim(str('' if value is None else value))
        if not text:
            raise ValueError(f'{place} has no {kind} (columns: {", ".join(keys)}): add it.')
        found.append(text)
    given = next((keys[name] for name in SPLIT_COLUMNS if keys.get(name)), None)
    if given is not None and str(given).strip().lower() not in SPLIT_FOLDERS:
        raise ValueError(f"{place} has split '{given}': it must be train, val or test.")
    return found[0], found[1], given and SPLIT_FOLDERS[str(given).strip().lower()]


def _csv_rows(table: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    text = read_text(table)
    header = text.partition('\n')[0]
    delimiter = '\t' if table.suffix.lower() == '.tsv' else max(',;\t', key=header.count)
    reader = csv.reader(text.splitlines(), delimiter=delimiter)
    try:
        rows = [(reader.line_num, row) for row in reader if any(map(str.strip, row))]
    except csv.Error as error:
        raise ValueError(f"Line {reader.line_num} of '{table}' is not CSV: {error}.") from error
    if not rows:
        return
    columns = [trim(name).lower() for name in rows[0][1]]
    if not set(columns) & set(PATHS):
        if is_video(Path(rows[0][1][0].strip())) and len(rows[0][1]) in (2, 3):
            columns = ['path', 'label', 'split'][: len(rows[0][1])]  # no header
        else:
            raise ValueError(
                f"The columns of '{table}' must be path, label and, optionally, split, got "
                f'{list_names(columns)}.'
            )
    elif not set(columns) & set(LABELS):
        raise ValueError(f"'{table}' has no column label (columns: {list_names(columns)}).")
    else:
        del rows[0]
    for line, row in rows:
        place = f"Line {line} of '{table}'"
        if len(row) > len(columns):
            raise ValueError(
                f'{place} has {len(row)} values for {len(columns)} columns: quote values that '
                f'contain {delimiter!r}.'
            )
        yield place, dict(zip(columns, row, strict=False))


def _json_rows(table: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    if table.suffix.lower() == '.jsonl':
        import json

        for number, line in enumerate(read_text(table).splitlines(), start=1):
            if line.strip():
                place = f"Line {number} of '{table}'"
                try:
                    yield place, _object(place, json.loads(line))
                except ValueError as error:
                    raise ValueError(f'{place} is not a JSON object: {error}.') from error
        return
    content = read_json(table)
    if isinstance(content, dict) and all(isinstance(v, (str, int)) for v in content.values()):
        content = [dict(path=path, label=label) for path, label in content.items()]
    if not isinstance(content, list):
        raise ValueError(
            f"'{table}' must hold a list of objects with path, label and, optionally, split, or "
            'one object of paths and labels.'
        )
    for number, row in enumerate(content):
        place = f"Entry {number} of '{table}'"
        yield place, _object(place, row)


def _object(place: str, row: Any) -> dict[str, Any]:
    if not isinstance(row, dict):
        raise ValueError(f'{place} must be an object with path and label, got {row!r:.60}.')
    return row


def _check_files(table: Path, found: dict[str, tuple[str, str | None, str]]) -> None:
    missing = [(place, path) for path, (*_, place) in found.items() if not os.path.isfile(path)]
    if missing:
        place, path = missing[0]
        raise FileNotFoundError(
            f"{len(missing)} of {len(found)} files of '{table}' do not exist, such as '{path}' "
            f'({place.partition(" of ")[0]}): paths are relative to the file.'
        )
