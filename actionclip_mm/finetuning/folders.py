"""A folder per class, read as clips with class names."""

import os
from collections.abc import Iterator
from pathlib import Path

from ..benchmarks.identity import VIDEO_EXTENSIONS
from ..utils import list_names

Row = tuple[str, str, str | None]  # path, class name, split
# names of folders that hold a split, not a class
SPLIT_FOLDERS = {
    'train': 'train', 'training': 'train', 'val': 'val', 'valid': 'val', 'validation': 'val',
    'test': 'test', 'testing': 'test',
}  # fmt: skip
NOT_CLASSES = ('__MACOSX', '@eaDir')


def read_folder(folder: Path) -> tuple[Path, list[Row], list[str]]:
    """Root, rows and notes of a folder with one folder per class.

    Folders inside a class are searched too. ``train``, ``val`` and ``test`` are splits if there is
    a ``train``.

    Raises:
        ValueError: No videos, or none in class folders.
    """
    inner = _folders(folder)
    splits = {SPLIT_FOLDERS.get(path.name.lower(), ''): path for path in inner}
    has_splits = 'train' in splits and '' not in splits and len(splits) == len(inner)
    parts = splits if has_splits else {'': folder}
    rows: list[Row] = []
    loose, others, empty = 0, 0, []
    for split, part in sorted(parts.items()):
        for path in part.iterdir():
            loose += path.is_file() and is_video(path)
            others += path.is_file() and not is_video(path) and not path.name.startswith('.')
        for place in _folders(part):
            videos = 0
            for file in _files(place):
                if not is_video(file):
                    others += 1
                    continue
                videos += 1
                rows.append((file.relative_to(folder).as_posix(), place.name, split or None))
            if not videos:
                empty.append(place.relative_to(folder).as_posix())
    if not rows:
        raise ValueError(_nothing(folder, loose, others))
    notes = []
    if loose:
        notes.append(f'{loose} videos that are not in a class folder are not used.')
    if others:
        notes.append(f'{others} files that are not videos are ignored.')
    if empty:
        notes.append(f'Folders without a video are not classes: {list_names(empty)}.')
    _check_names(rows)
    _hint_if_nested(folder, rows)
    return folder, rows, notes


def is_video(path: Path) -> bool:
    """Whether a file has the extension of a video."""
    return path.suffix.lower() in VIDEO_EXTENSIONS and not path.name.startswith('.')


def _folders(folder: Path) -> list[Path]:
    return sorted(
        path
        for path in folder.iterdir()
        if path.is_dir() and not path.name.startswith('.') and path.name not in NOT_CLASSES
    )


def _files(folder: Path) -> Iterator[Path]:
    """Files below a folder, hidden ones aside; links are followed, loops are not."""
    seen: set[tuple[int, int]] = set()
    for where, inner, names in os.walk(folder, followlinks=True):
        status = os.stat(where)
        if (status.st_dev, status.st_ino) in seen:
            inner.clear()
            continue
        seen.add((status.st_dev, status.st_ino))
        inner[:] = [n for n in sorted(inner) if not n.startswith('.') and n not in NOT_CLASSES]
        yield from (Path(where, name) for name in sorted(names) if not name.startswith('.'))


def _check_names(rows: list[Row]) -> None:
    for path, *_ in rows:
        if '\n' in path or '\r' in path or not _is_utf8(path):
            raise ValueError(
                f'{path!r} cannot be written to a list: rename the file or its folder.'
            )


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _nothing(folder: Path, loose: int, others: int) -> str:
    layout = 'put the clips of each class in a folder named after it, or give a CSV file'
    if loose:
        return f"'{folder}' has {loose} videos but no class folders: {layout}."
    kinds = f'{others} files, none with an extension of a video ({" ".join(VIDEO_EXTENSIONS)})'
    return f"'{folder}' has no videos ({kinds if others else 'no files'}): {layout}."


def _hint_if_nested(folder: Path, rows: list[Row]) -> None:
    """Refuse a single folder that holds the class folders."""
    names = {label for _, label, _ in rows}
    if len(names) > 1:
        return
    inner = folder / names.pop()
    classes = [path.name for path in _folders(inner)] if inner.is_dir() else []
    if len(classes) > 1:
        raise ValueError(
            f"'{folder}' has one class ({inner.name}): if its classes are "
            f"{list_names(classes, 3)}, give '{inner}'."
        )
