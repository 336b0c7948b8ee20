"""Reads the zero-shot classes of Kinetics-600 from ElaborativeRehearsal's folder zsl220.

classes620_label_defn.json names 620 classes: ids 0 to 399 are those of Kinetics-400, 400 to 619 the
220 new ones of Kinetics-600. tst_class_idxs.json has three lists of 160 ids to test.
"""

import difflib
from pathlib import Path
from typing import Any

from actionclip_mm.datasets.preparation import find_file, read_json
from actionclip_mm.models.text.label_names import plain

OPTION = '--zero-shot'
SOURCE = "ElaborativeRehearsal's folder zsl220"
OLD, ALL, SPLITS = 400, 620, 3
NAME_KEYS = ('name', 'label', 'class', 'class_name')
ID_KEYS = ('id', 'idx', 'index', 'class_id')


def read_zero_shot_classes(folder: Path, labels: list[str], count: int) -> list[list[str]]:
    """The class names of the three splits, each in alphabetical order.

    Args:
        folder: The folder with both files.
        labels: Class names of Kinetics-600: names are written as they are here.
        count: Number of classes in a split.

    Raises:
        FileNotFoundError: A file is missing.
        ValueError: A file has none of the layouts that are understood, or its content contradicts
            what is known of it: 620 names, Kinetics-400's first; three lists of new classes.
    """
    path = find_file(folder, 'classes620_label_defn.json', source=SOURCE, option=OPTION)
    names = _read_names(path)
    spelled = {plain(label): label for label in labels}
    lists_path = find_file(folder, 'tst_class_idxs.json', source=SOURCE, option=OPTION)
    splits = []
    for number, ids in enumerate(_read_lists(lists_path, count), start=1):
        chosen = [names[index] for index in ids]
        unknown = [name for name in chosen if plain(name) not in spelled]
        if unknown:
            close = difflib.get_close_matches(unknown[0], labels, 1)
            hint = f" (like '{close[0]}'?)" if close else ''
            raise ValueError(
                f'{len(unknown)} classes of zero-shot split {number} are not in the CSV files, '
                f"such as '{unknown[0]}'{hint}: give all CSV files of Kinetics-600."
            )
        splits.append(sorted(spelled[plain(name)] for name in chosen))
    return splits


def _read_names(path: Path) -> list[str]:
    """Names in id order: of a list, or of an object in one of three layouts."""
    content = read_json(path)
    pairs = _pairs(content)
    if pairs is None or sorted(index for index, _ in pairs) != list(range(ALL)):
        raise ValueError(
            f"'{path}' is none of what is understood: a list of {ALL} names in id order, a list "
            'of objects with id and name (without ids: in id order), an object id -> name, '
            f'name -> id, or name -> definition in id order, each with the ids 0 to {ALL - 1}.'
        )
    names = [name for _, name in sorted(pairs)]
    from torchvision.models._meta import _KINETICS400_CATEGORIES

    known = {plain(name) for name in _KINETICS400_CATEGORIES}
    others = [name for name in names[:OLD] if plain(name) not in known]
    if len(others) > OLD // 10:  # a few may be spelled in another way: it is the order that matters
        raise ValueError(
            f"The first {OLD} of '{path}' are not the classes of Kinetics-400 ({len(others)} are "
            f"none of them, such as '{others[0]}'): ids in the lists would mean other classes."
        )
    return names


def _pairs(content: Any) -> list[tuple[int, str]] | None:
    """Ids and names of a layout that is understood."""
    if isinstance(content, list):
        if all(isinstance(name, str) for name in content):
            return list(enumerate(content))
        if all(isinstance(entry, dict) for entry in content):
            return _pairs_of_objects(content)
        return None
    if not isinstance(content, dict) or not content:
        return None
    if all(key.isdecimal() for key in content):
        names = [_name(value) for value in content.values()]
        if None in names:
            return None
        return [(int(k), str(name)) for k, name in zip(content, names, strict=True)]
    ids = list(content.values())
    if all(isinstance(index, int) for index in ids):
        return [(index, name) for name, index in content.items()]
    return list(enumerate(content))  # definitions: JSON keeps the order of the classes


def _pairs_of_objects(entries: list[dict]) -> list[tuple[int, str]] | None:
    pairs = []
    for position, entry in enumerate(entries):
        name = _name(entry)
        index = next((entry[key] for key in ID_KEYS if key in entry), position)
        if name is None or not str(index).isdecimal():
            return None
        pairs.append((int(index), name))
    return pairs


def _name(value: Any) -> str | None:
    if isinstance(value, dict):
        value = next((value[key] for key in NAME_KEYS if key in value), None)
    return value if isinstance(value, str) else None


def _read_lists(path: Path, count: int) -> list[list[int]]:
    content = read_json(path)
    lists = list(content.values()) if isinstance(content, dict) else content
    good = isinstance(lists, list) and len(lists) == SPLITS and all(map(_is_ids, lists))
    if not good:
        raise ValueError(
            f"'{path}' must hold {SPLITS} lists of ids, or an object of {SPLITS} such lists: "
            'download it again.'
        )
    for number, ids in enumerate(lists, start=1):
        new = {index for index in ids if OLD <= index < ALL}
        if len(ids) != count or len(new) != count:
            raise ValueError(
                f"List {number} of '{path}' has {len(ids)} ids, {len(new)} of them different and "
                f'within {OLD} and {ALL - 1}: {count} such ids are expected.'
            )
    return lists


def _is_ids(ids: Any) -> bool:
    return isinstance(ids, list) and all(isinstance(index, int) for index in ids)
