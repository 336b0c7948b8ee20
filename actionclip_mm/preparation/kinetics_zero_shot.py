"""Zero-shot classes of Kinetics-600: three times 160 that Kinetics-400 lacks.

The descriptor carries their names, which are those of ElaborativeRehearsal's folder zsl220. A given
folder is read and must say the same: classes620_label_defn.json, a list of objects whose ``word``
is the name of class 0, 1, … 619, and tst_class_idxs.json, three lists of 160 ids.
"""

import difflib
from pathlib import Path

from ..benchmarks import Benchmark
from ..benchmarks.identity import hash_names
from ..utils import normalize_name, read_json
from .reading import AGAIN, find_file

OPTION = '--zero-shot'
SOURCE = "ElaborativeRehearsal's folder zsl220"
NUM_CLASSES = 620  # of both data sets: the first 400 are Kinetics-400's


def zero_shot_classes(
    benchmark: Benchmark, folder: Path | None, labels: list[str]
) -> list[list[str]]:
    """Class names of each zero-shot split, in alphabetical order.

    Args:
        benchmark: The data set, which has the published names.
        folder: A folder zsl220 to check; None for the published names alone.
        labels: All class names of the data set; names are spelled as here.

    Raises:
        FileNotFoundError: A file is missing.
        ValueError: A file of another layout, other classes than the published ones, or classes
            that the annotations lack.
    """
    published = benchmark.zero_shot_classes
    if folder is not None:
        _check_folder(folder, published)
    spelled = {normalize_name(label): label for label in labels}
    splits = []
    for number, names in enumerate(published, start=1):
        unknown = [name for name in names if normalize_name(name) not in spelled]
        if unknown:
            close = difflib.get_close_matches(unknown[0], labels, 1)
            hint = f" (did you mean '{close[0]}'?)" if close else ''
            raise ValueError(
                f'{len(unknown)} classes of zero-shot split {number} are not in the annotations, '
                f"such as '{unknown[0]}'{hint}: give all annotation files of {benchmark.title}."
            )
        splits.append(sorted(spelled[normalize_name(name)] for name in names))
    return splits


def _check_folder(folder: Path, published: tuple[tuple[str, ...], ...]) -> None:
    names_path = find_file(folder, 'classes620_label_defn.json', source=SOURCE, option=OPTION)
    names = _read_names(names_path)
    lists_path = find_file(folder, 'tst_class_idxs.json', source=SOURCE, option=OPTION)
    splits = read_json(lists_path, AGAIN)
    if (
        not isinstance(splits, list)
        or len(splits) != len(published)
        or not all(map(_is_ids, splits))
    ):
        raise ValueError(
            f"'{lists_path}' must hold {len(published)} lists of ids from 0 to {NUM_CLASSES - 1}: "
            f'{AGAIN}.'
        )
    for number, (ids, expected) in enumerate(zip(splits, published, strict=True), start=1):
        if hash_names(names[index] for index in ids) != hash_names(expected):
            raise ValueError(
                f"List {number} of '{lists_path}' names {len(ids)} classes that are not the "
                f'{len(expected)} published ones of zero-shot split {number}: download both files '
                f'of {folder} again, or give {OPTION} without a folder.'
            )


def _read_names(path: Path) -> list[str]:
    content = read_json(path, AGAIN)
    entries = content if isinstance(content, list) else []
    words = [entry.get('word') if isinstance(entry, dict) else None for entry in entries]
    if len(words) != NUM_CLASSES or not all(isinstance(word, str) for word in words):
        raise ValueError(
            f"'{path}' must hold a list of {NUM_CLASSES} objects with the name as `word`: {AGAIN}."
        )
    return [str(word) for word in words]


def _is_ids(ids: object) -> bool:
    return isinstance(ids, list) and all(
        isinstance(index, int) and 0 <= index < NUM_CLASSES for index in ids
    )
