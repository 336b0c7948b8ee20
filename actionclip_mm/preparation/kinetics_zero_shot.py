"""The zero-shot classes of Kinetics-600: three times 160 that Kinetics-400 lacks.

They are those of ElaborativeRehearsal's folder zsl220, whose names the package carries. Where the
folder is given, its files are read and must say the same: classes620_label_defn.json, a list of
objects whose ``word`` is the name of class 0, 1, … 619 (the first 400 are Kinetics-400's), and
tst_class_idxs.json, three lists of 160 ids.
"""

import difflib
from collections.abc import Sequence
from pathlib import Path

from actionclip_mm.benchmarks import get_benchmark
from actionclip_mm.benchmarks.identity import hash_names
from actionclip_mm.preparation import find_file
from actionclip_mm.utils import normalize_name, read_json

OPTION = '--zero-shot'
SOURCE = "ElaborativeRehearsal's folder zsl220"
NUM_CLASSES, SPLITS = 620, (1, 2, 3)


def zero_shot_classes(folder: Path | None, labels: list[str]) -> list[list[str]]:
    """The class names of the three splits, each in alphabetical order.

    Args:
        folder: The folder with both files; None for the names that the package carries.
        labels: Class names of Kinetics-600: names are written as they are here.

    Raises:
        FileNotFoundError: A file is missing.
        ValueError: A file of another layout, other classes than the published ones, or classes
            that the annotations lack.
    """
    published = get_benchmark('kinetics600').zero_shot_classes
    if folder is not None:
        _check_folder(folder, published)
    spelled = {normalize_name(label): label for label in labels}
    splits = []
    for split, names in zip(SPLITS, published, strict=True):
        unknown = [name for name in names if normalize_name(name) not in spelled]
        if unknown:
            close = difflib.get_close_matches(unknown[0], labels, 1)
            hint = f" (like '{close[0]}'?)" if close else ''
            raise ValueError(
                f'{len(unknown)} classes of zero-shot split {split} are not in the annotations, '
                f"such as '{unknown[0]}'{hint}: give all annotation files of Kinetics-600."
            )
        splits.append(sorted(spelled[normalize_name(name)] for name in names))
    return splits


def _check_folder(folder: Path, published: Sequence[tuple[str, ...]]) -> None:
    names_path = find_file(folder, 'classes620_label_defn.json', source=SOURCE, option=OPTION)
    names = _read_names(names_path)
    lists_path = find_file(folder, 'tst_class_idxs.json', source=SOURCE, option=OPTION)
    splits = read_json(lists_path, 'download it again')
    if not isinstance(splits, list) or len(splits) != len(SPLITS) or not all(map(_is_ids, splits)):
        raise ValueError(
            f"'{lists_path}' must hold {len(SPLITS)} lists of ids from 0 to {NUM_CLASSES - 1}: "
            'download it again.'
        )
    for split, ids, expected in zip(SPLITS, splits, published, strict=True):
        if hash_names(names[index] for index in ids) != hash_names(expected):
            raise ValueError(
                f"List {split} of '{lists_path}' names {len(ids)} classes that are not the "
                f'{len(expected)} published ones of zero-shot split {split}: download both files '
                f'of {folder} again, or leave the folder out of {OPTION}.'
            )


def _read_names(path: Path) -> list[str]:
    content = read_json(path, 'download it again')
    entries = content if isinstance(content, list) else []
    words = [entry.get('word') if isinstance(entry, dict) else None for entry in entries]
    if len(words) != NUM_CLASSES or not all(isinstance(word, str) for word in words):
        raise ValueError(
            f"'{path}' must hold a list of {NUM_CLASSES} objects with the name as `word`: download "
            'it again.'
        )
    return [str(word) for word in words]


def _is_ids(ids: object) -> bool:
    return isinstance(ids, list) and all(
        isinstance(index, int) and 0 <= index < NUM_CLASSES for index in ids
    )
