"""Annotation lists as protocols handle them: reading, restricting to classes, hashing, writing."""

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from ..utils import write_text
from ..utils.annotation_lists import (
    Line,
    format_line,
    many_labels_each,
    one_label_each,
    read_lines,
)


class Entry(NamedTuple):
    """One line of a list: path, class id, and what stands between (a folder's number of frames)."""

    name: str
    label: int
    extra: tuple[int, ...] = ()


def read_entries(path: Path, rawframes: bool = False) -> list[Entry]:
    """Lines of ``path label``, or of ``folder total_frames label``.

    Raises:
        FileNotFoundError: No such file.
        ValueError: A line without a class id, a video that is listed twice, an empty list.
    """
    lines = read_lines(str(path), most=2 if rawframes else 1)
    labels = one_label_each(lines, [line.numbers[int(rawframes) :] for line in lines])
    for line, label in zip(lines, labels, strict=True):
        if label < 0:
            raise ValueError(
                f"{line.place} has no label ('{line.path}'): a protocol needs labelled videos."
            )
    _check_paths_differ(lines)
    return [
        Entry(line.path, label, tuple(line.numbers[:-1]))
        for line, label in zip(lines, labels, strict=True)
    ]


class LabelledVideo(NamedTuple):
    """A line of a multi-label list: as it is written, its path, its class ids."""

    line: str
    path: str
    labels: list[int]


def read_label_sets(path: Path, num_classes: int, rawframes: bool = False) -> list[LabelledVideo]:
    """Lines of a list whose videos have any number of labels.

    Raises:
        FileNotFoundError: No such file.
        ValueError: A label without a class name, a video that is listed twice, an empty list.
    """
    lines = read_lines(str(path))
    numbers = [line.numbers[int(rawframes) :] for line in lines]
    labels = many_labels_each(lines, numbers, num_classes)
    _check_paths_differ(lines)
    return [
        LabelledVideo(format_line(line.path, *line.numbers), line.path, ids)
        for line, ids in zip(lines, labels, strict=True)
    ]


def _check_paths_differ(lines: Iterable[Line]) -> None:
    places: dict[str, str] = {}
    for line in lines:
        if line.path in places:
            raise ValueError(
                f"{line.place} names '{line.path}', as {places[line.path]} does: a video counts "
                'once, so remove one of them.'
            )
        places[line.path] = line.place.split(' of ')[0].lower()


def restrict(entries: Iterable[Entry], classes: Sequence[int]) -> list[Entry]:
    """Videos of the given classes only, whose labels become their places in the sorted ids."""
    places = {old: new for new, old in enumerate(sorted(classes))}
    return [e._replace(label=places[e.label]) for e in entries if e.label in places]


def check_labels(entries: Iterable[Entry], num_classes: int, source: str) -> None:
    """Refuses labels without a class name.

    Raises:
        ValueError: With the video and its label.
    """
    for entry in entries:
        if entry.label >= num_classes:
            raise ValueError(
                f"'{entry.name}' of {source} has label {entry.label} but there are {num_classes} "
                'class names: give the list and the labels.txt that belong together.'
            )


def to_lines(entries: Iterable[Entry]) -> list[str]:
    return [format_line(entry.name, *entry.extra, entry.label) for entry in entries]


def hash_list(lines: Iterable[str]) -> str:
    """SHA-256 of the sorted lines: lists of the same videos and labels agree in any order."""
    return hashlib.sha256('\n'.join(sorted(lines)).encode()).hexdigest()


def hash_labels(names: Iterable[str]) -> str:
    """SHA-256 of the class names in the order of their ids."""
    return hashlib.sha256('\n'.join(names).encode()).hexdigest()


def write_lines(lines: Iterable[str], path: Path) -> Path:
    write_text(path, '\n'.join(lines) + '\n')
    return path
