"""Writes label files and annotation files of the mini benchmark in mmaction2's formats."""

from collections.abc import Sequence
from pathlib import Path

from vocabulary import ORDER_PAIRS, ActionClass, attribute_names, mirror_of


def write_labels(root: Path, seen: list[ActionClass], unseen: list[ActionClass]) -> None:
    """One name per line, and the order pairs as two class ids per line."""
    firsts = [first for first, _ in ORDER_PAIRS]
    for split, classes in (('seen', seen), ('unseen', unseen)):
        names = [action.name for action in classes]
        _write(root / f'labels_{split}.txt', names)
        pairs = [(action, mirror_of(action)) for action in classes if action.kind in firsts]
        lines = [f'{names.index(a.name)} {names.index(b.name)}' for a, b in pairs if b is not None]
        _write(root / f'order_pairs_{split}.txt', lines)
    _write(root / 'labels_attributes.txt', attribute_names())


def write_annotations(root: Path, split: str, clips: Sequence, classes: list[ActionClass]) -> None:
    """Single-label and multi-label lists of a split.

    Args:
        root: Folder of the data set.
        split: Name of the split.
        clips: Pairs of a path and its class.
        classes: The classes in label order.
    """
    labels = {action.name: index for index, action in enumerate(classes)}
    lines = [f'{path} {labels[action.name]}' for path, action in clips]
    _write(root / f'{split}.txt', lines)
    attributes = {name: index for index, name in enumerate(attribute_names())}
    _write(
        root / f'{split}_multilabel.txt',
        [
            ' '.join([path, *(str(attributes[word]) for word in action.attributes)])
            for path, action in clips
        ],
    )


def _write(path: Path, lines: list[str]) -> None:
    path.write_text('\n'.join(lines) + '\n')
