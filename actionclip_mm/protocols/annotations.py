"""Annotation lists as protocols handle them: reading, restricting to classes, hashing, writing."""

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple


class Entry(NamedTuple):
    """One line of a list: what stands before the label (path, or folder and frame count), label."""

    name: str
    label: int


def read_entries(path: Path) -> list[Entry]:
    """Lines of ``path label`` (the path may hold spaces), or ``folder total_frames label``.

    Raises:
        FileNotFoundError: No such file.
        ValueError: A line without a class id, a video that is listed twice, an empty list.
    """
    entries: list[Entry] = []
    seen: dict[str, int] = {}
    for number, line in enumerate(read_lines(path), start=1):
        name, _, label = line.rpartition(' ')
        if not name.strip() or not (label.isascii() and label.isdigit()):
            raise ValueError(
                f"Line {number} of '{path}' is {line[:80]!r} but must be `path label` with a class "
                'id from 0 on: mend that line.'
            )
        name = name.strip()
        if name in seen:
            raise ValueError(
                f"'{name}' stands in lines {seen[name]} and {number} of '{path}': a video counts "
                'once, so remove one of them.'
            )
        seen[name] = number
        entries.append(Entry(name, int(label)))
    return entries


def read_lines(path: Path) -> list[str]:
    """The lines of a list that are not empty, without blanks at their ends.

    Raises:
        FileNotFoundError: No such file.
        ValueError: The file is no text, or holds no line.
    """
    if not path.is_file():
        raise FileNotFoundError(f"There is no list '{path}': give the path of a text file.")
    try:
        text = path.read_text(encoding='utf-8-sig')
    except UnicodeDecodeError as error:
        raise ValueError(f"The list '{path}' is not UTF-8 text: save it as UTF-8.") from error
    lines = [line.strip() for line in text.replace('\t', ' ').split('\n') if line.strip()]
    if not lines:
        raise ValueError(f"The list '{path}' is empty: give at least one video.")
    return lines


def restrict(entries: Iterable[Entry], classes: Sequence[int]) -> list[Entry]:
    """Videos of the given classes only, whose labels become their places in the sorted ids."""
    places = {old: new for new, old in enumerate(sorted(classes))}
    return [Entry(name, places[label]) for name, label in entries if label in places]


def check_labels(entries: Iterable[Entry], num_classes: int, source: str) -> None:
    """Refuses labels without a class name.

    Raises:
        ValueError: With the video and its label.
    """
    for name, label in entries:
        if label >= num_classes:
            raise ValueError(
                f"'{name}' of {source} has label {label} but there are {num_classes} class names: "
                'give the list and the labels.txt that belong together.'
            )


def to_lines(entries: Iterable[Entry]) -> list[str]:
    return [f'{name} {label}' for name, label in entries]


def hash_list(lines: Iterable[str]) -> str:
    """SHA-256 of the sorted lines: lists of the same videos and labels agree in any order."""
    return hashlib.sha256('\n'.join(sorted(lines)).encode()).hexdigest()


def hash_labels(names: Iterable[str]) -> str:
    """SHA-256 of the class names in the order of their ids."""
    return hashlib.sha256('\n'.join(names).encode()).hexdigest()


def write_lines(lines: Iterable[str], path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text('\n'.join(lines) + '\n', encoding='utf-8')
    return path
