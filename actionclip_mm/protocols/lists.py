"""Annotation lists: read, restrict to classes, draw shots, match published lists, hash, write.

Shots are drawn once, before any process starts. The peers' common lists (X-CLIP, ViFi-CLIP) are
independent draws per K; that is the default here. Drawing within each process, as some code does,
would show 8 processes up to 8K videos per class.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..benchmarks.identity import video_id
from ..utils import list_names, write_text
from ..utils.annotation_lists import (
    Line,
    format_line,
    many_labels_each,
    one_label_each,
    read_lines,
)


class Entry(NamedTuple):
    """One line of a list: path, class id, and the numbers in between (frames of a folder)."""

    name: str
    label: int
    extra: tuple[int, ...] = ()


def read_entries(path: Path, rawframes: bool = False) -> list[Entry]:
    """Read lines of ``path label``, or of ``folder total_frames label``.

    Raises:
        FileNotFoundError: No such file.
        ValueError: An empty list, a line without a class id, or a repeated video.
    """
    lines = read_lines(str(path), most=2 if rawframes else 1)
    labels = one_label_each(lines, [line.numbers[int(rawframes) :] for line in lines])
    for line, label in zip(lines, labels, strict=True):
        if label < 0:
            raise ValueError(
                f"{line.place} has no label ('{line.path}'): protocols need labelled videos."
            )
    _check_paths_differ(lines)
    return [
        Entry(line.path, label, tuple(line.numbers[:-1]))
        for line, label in zip(lines, labels, strict=True)
    ]


class LabelledVideo(NamedTuple):
    """A line of a multi-label list: its text, path and class ids."""

    line: str
    path: str
    labels: list[int]


def read_label_sets(path: Path, num_classes: int, rawframes: bool = False) -> list[LabelledVideo]:
    """Read a list whose videos have any number of labels.

    Raises:
        FileNotFoundError: No such file.
        ValueError: An empty list, a label without a class name, or a repeated video.
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
                f"{line.place} repeats '{line.path}' of {places[line.path]}: remove one of them."
            )
        places[line.path] = line.place.split(' of ')[0].lower()


def restrict(entries: Iterable[Entry], classes: Sequence[int]) -> list[Entry]:
    """Keep the videos of the given classes and renumber their labels in the order of the ids."""
    new = {label: index for index, label in enumerate(sorted(classes))}
    return [e._replace(label=new[e.label]) for e in entries if e.label in new]


def check_labels(entries: Iterable[Entry], num_classes: int, source: str) -> None:
    """Refuse labels without a class name.

    Raises:
        ValueError: Names the video and its label.
    """
    for entry in entries:
        if entry.label >= num_classes:
            raise ValueError(
                f"'{entry.name}' of {source} has label {entry.label} but there are {num_classes} "
                'class names: use a list and a label file that belong together.'
            )


def to_lines(entries: Iterable[Entry]) -> list[str]:
    return [format_line(entry.name, *entry.extra, entry.label) for entry in entries]


def hash_list(lines: Iterable[str]) -> str:
    """SHA-256 of the sorted lines, so order does not matter."""
    return hashlib.sha256('\n'.join(sorted(lines)).encode()).hexdigest()


def hash_labels(names: Iterable[str]) -> str:
    """SHA-256 of the class names in id order."""
    return hashlib.sha256('\n'.join(names).encode()).hexdigest()


def write_lines(lines: Iterable[str], path: Path) -> Path:
    write_text(path, '\n'.join(lines) + '\n')
    return path


def draw_shots(
    entries: Sequence[Entry], shots: int, seed: int, classes: Sequence[str], nested: bool = False
) -> list[Entry]:
    """Draw K videos of every class.

    Depends only on the set of videos, K and the seed, not on the order of the list, the global
    generators or the process.

    Args:
        entries: The training list.
        shots: K.
        seed: Seed of the draw.
        classes: C names in id order; each class needs K videos.
        nested: Make the draw contain those of fewer shots with the same seed. Defaults to False.

    Returns:
        K x C videos, sorted by class, then by name.

    Raises:
        ValueError: ``shots`` or ``seed`` is not such a number, or classes have too few videos.
    """
    for name, value, least in (('shots', shots, 1), ('seed', seed, 0)):
        if not isinstance(value, int) or value < least:
            raise ValueError(f'{name} must be an integer of at least {least}, got {value!r}.')
    by_class: dict[int, list[Entry]] = defaultdict(list)
    for entry in entries:
        by_class[entry.label].append(entry)
    _check_counts(by_class, shots, classes)
    # nested: every K cuts the same permutation
    generator = np.random.default_rng([seed] if nested else [seed, shots])
    drawn: list[Entry] = []
    for label in range(len(classes)):
        members = sorted(by_class[label])
        chosen = generator.permutation(len(members))[:shots]
        drawn += sorted(members[index] for index in chosen)
    return drawn


def _check_counts(by_class: dict[int, list[Entry]], shots: int, classes: Sequence[str]) -> None:
    few = [i for i in range(len(classes)) if len(by_class[i]) < shots]
    if few:
        listed = list_names([f"'{classes[i]}' {len(by_class[i])}" for i in few], most=10)
        raise ValueError(
            f'{len(few)} of {len(classes)} classes have fewer than {shots} training videos '
            f'({listed}): use fewer shots or the full training list.'
        )


def match_published(
    given: Sequence[Entry], train: Sequence[Entry], shots: int | None, source: str
) -> list[Entry]:
    """Translate a published list to the paths and class ids of our training list.

    Args:
        given: The published list: paths or bare file names, with its own class ids.
        train: Our full training list.
        shots: Videos that each class must have; None for any number.
        source: File of the published list, for messages.

    Raises:
        ValueError: Videos that our list lacks, class ids that contradict ours, or wrong counts.
    """
    by_name = {entry.name: entry for entry in train}
    by_stem = defaultdict(list)
    for entry in train:
        by_stem[video_id(entry.name)].append(entry)
    found: list[Entry] = []
    missing: list[str] = []
    for name, *_ in given:
        same_stem = by_stem[video_id(name)]
        if name in by_name:
            found.append(by_name[name])
        elif len(same_stem) == 1:
            found.append(same_stem[0])
        else:
            missing.append(name)
    if missing:
        raise ValueError(
            f"{len(missing)} of {len(given)} videos in '{source}' are not in the training list, or "
            f"match several (the first is '{missing[0]}'): pass a list of this data set's training "
            'videos.'
        )
    _check_numbering(given, found, source)
    if len(set(found)) != len(found):
        raise ValueError(f"'{source}' lists a video twice, by different paths: remove one.")
    _check_published_counts(found, train, shots, source)
    return found


def _check_numbering(given: Sequence[Entry], found: Sequence[Entry], source: str) -> None:
    """Accept another numbering of the classes, refuse another grouping of the videos."""
    pairs = {(theirs.label, ours.label) for theirs, ours in zip(given, found, strict=True)}
    if not len(pairs) == len({a for a, _ in pairs}) == len({b for _, b in pairs}):
        raise ValueError(
            f"The class ids in '{source}' do not map one to one to those of the training list: "
            'pass a list of the same classes.'
        )


def _check_published_counts(
    found: Sequence[Entry], train: Sequence[Entry], shots: int | None, source: str
) -> None:
    if shots is None:
        return
    counts = {entry.label: 0 for entry in train}
    for entry in found:
        counts[entry.label] += 1
    wrong = {label: count for label, count in counts.items() if count != shots}
    if wrong:
        label, count = next(iter(wrong.items()))
        raise ValueError(
            f"'{source}' has {count} videos of class {label} and {len(wrong)} such classes, but "
            f'the protocol takes {shots} per class: pass the list of {shots} shots.'
        )
