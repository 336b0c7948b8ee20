"""Read official annotation files; errors name the file, the line and what to do."""

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..utils import list_names, read_text

AGAIN = 'download it again'  # advice for a broken official file
ARCHIVES = ('.rar', '.zip', '.tar', '.gz', '.tgz', '.7z')
PART_OF_ARCHIVE = re.compile(r'20bn-something-something-v2-\d\d')  # SSv2 comes in such parts


def find_file(folder: Path, *names: str, source: str, option: str = '--annotations') -> Path:
    """Find the first of several files, in a folder or right below it.

    Args:
        folder: Where to look.
        names: Possible names; ``*`` matches anything.
        source: Archive that holds the file, for the error.
        option: Option that gave the folder, for the error.

    Raises:
        FileNotFoundError: None exists; says what to unpack.
        ValueError: Subfolders hold several files of that name.
    """
    check_folder(folder, option)
    for name in names:
        found = sorted(folder.glob(name)) or sorted(folder.glob(f'*/{name}'))
        if len(found) > 1:
            raise ValueError(
                f"'{folder}' holds {len(found)} files '{name}' ({found[0]}, {found[1]}): give the "
                f'folder of the ones to use as {option}.'
            )
        if found:
            return found[0]
    action = _unpack(folder) or f'give its folder as {option}'
    raise FileNotFoundError(f"'{folder}' has no {names[0]} (part of {source}): {action}.")


def check_folder(folder: Path, option: str) -> None:
    """Raise FileNotFoundError or NotADirectoryError unless this is a folder."""
    if folder.is_dir():
        return
    if folder.exists():
        raise NotADirectoryError(f"'{folder}' is not a folder: correct {option}.")
    action = _unpack(folder.parent) or f'correct {option}'
    raise FileNotFoundError(f"No such folder: '{folder}'; {action}.")


def is_archive(name: str) -> bool:
    """Whether a file name is an archive or a part of one."""
    return name.lower().endswith(ARCHIVES) or PART_OF_ARCHIVE.fullmatch(name) is not None


def _unpack(folder: Path) -> str | None:
    """Advice for a folder with archives."""
    names = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
    packed = [name for name in names if is_archive(name)]
    return f'unpack {list_names(packed)} first' if packed else None


def read_lines(path: Path) -> list[tuple[int, str]]:
    """Numbered non-empty lines of a text file, stripped."""
    lines = enumerate(read_text(path).split('\n'), start=1)
    return [(number, line.strip()) for number, line in lines if line.strip()]


def read_csv(path: Path, columns: tuple[str, ...]) -> list[tuple[int, dict]]:
    """Numbered rows of a CSV file with a header.

    The dict is None for a row with another number of fields than the header.

    Raises:
        ValueError: The header lacks a column, or the file is empty.
    """
    lines = list(_csv_lines(path))
    header = [name.strip() for name in lines[0][1]] if lines else []
    lacking = [name for name in columns if name not in header]
    if lacking:
        raise ValueError(
            f"'{path}' lacks the columns {', '.join(lacking)} (its first line is {header}): "
            'give the official file.'
        )
    rows: list[tuple[int, Any]] = []
    for number, row in lines[1:]:
        if any(field.strip() for field in row):
            whole = len(row) == len(header)
            rows.append((number, dict(zip(header, row, strict=True)) if whole else None))
    return rows


def _csv_lines(path: Path) -> Iterator[tuple[int, list[str]]]:
    # keep line ends: a quoted field may contain some
    reader = csv.reader(io.StringIO(read_text(path), newline=''))
    try:
        for row in reader:
            yield reader.line_num, row
    except csv.Error as error:
        raise ValueError(
            f"Line {reader.line_num} of '{path}' cannot be read as CSV ({error}): {AGAIN}."
        ) from error
