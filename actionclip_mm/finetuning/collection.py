"""A user's videos with their classes: from a folder per class, or from a table.

Standard library only, so that bad input is refused before slow imports.
"""

from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path

from ..utils import list_names
from ..utils.label_names import read_labels, split_name
from .duplicates import find_duplicates
from .folders import read_folder
from .tables import SUFFIXES, read_table

SPLITS = ('train', 'val', 'test')


@dataclass(frozen=True)
class Clip:
    """A video file of one class.

    Attributes:
        path: Relative to the collection's root, with ``/``.
        label: Class name as the user wrote it.
        split: 'train', 'val' or 'test', or None if the user gave none.
    """

    path: str
    label: str
    split: str | None = None


@dataclass(frozen=True)
class Collection:
    """All clips of a source.

    Attributes:
        root: Folder of the paths.
        clips: Sorted by path.
        names: Class name in words -> as the user wrote it, in id order.
        notes: What was ignored or dropped, one sentence each.
    """

    root: Path
    clips: list[Clip]
    names: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def counts(self, split: str | None = None) -> Counter[str]:
        """Clips per class, of one split or of all."""
        return Counter(c.label for c in self.clips if split is None or c.split == split)

    def without(self, paths: set[str], note: str) -> 'Collection':
        """The collection without some clips, and a note that says why."""
        clips = [clip for clip in self.clips if clip.path not in paths]
        return replace(self, clips=clips, notes=[*self.notes, note])


def read_collection(source: Path) -> Collection:
    """Read and check the videos of a source.

    Args:
        source: Folder with one folder per class, or with ``train``, ``val`` (and ``test``) folders
            of these; or a CSV, TSV or JSON file with the columns path, label and (optionally)
            split, whose paths are relative to the file.

    Raises:
        FileNotFoundError: No such file or folder, or files that a table names.
        ValueError: Too few classes or clips, contradictory labels, an unreadable table.
    """
    if source.is_dir():
        root, rows, notes = read_folder(source)
    elif source.is_file():
        root, rows, notes = read_table(source)
    else:
        raise FileNotFoundError(
            f"'{source}' does not exist: give a folder with one folder per class, or a "
            f'{", ".join(SUFFIXES)} file.'
        )
    clips = sorted((Clip(*row) for row in rows), key=lambda clip: clip.path)
    collection = Collection(root, clips, _class_names(clips, source), notes)
    check_counts(collection, source)
    collection = _without_duplicates(collection)
    check_counts(collection, source)
    return collection


def check_counts(collection: Collection, source: Path) -> None:
    """Refuse collections that cannot be trained and validated on.

    Raises:
        ValueError: Fewer than two classes, or classes that have too few clips.
    """
    counts = collection.counts()
    if len(counts) < 2:
        raise ValueError(
            f"'{source}' has one class ({list_names(list(counts))}): give at least two classes."
        )
    if any(clip.split for clip in collection.clips):
        learned, validated = collection.counts('train'), collection.counts('val')
        untrained = [name for name in counts if not learned[name]]
        if untrained:
            raise ValueError(
                f"Classes of '{source}' without a training clip: {list_names(untrained)}; add "
                'clips, or remove these classes.'
            )
        if validated:
            return
        counts = learned  # validation clips are drawn from these
    single = [name for name, number in counts.items() if number < 2]
    if single:
        raise ValueError(
            f"Classes of '{source}' with a single clip: {list_names(single)}; each class needs at "
            'least two, one to train and one to validate: add clips, or remove these classes.'
        )


def _class_names(clips: list[Clip], source: Path) -> dict[str, str]:
    names: dict[str, str] = {}
    for label in sorted({clip.label for clip in clips}):
        words = split_name(label)
        key = next((name for name in names if name.casefold() == words.casefold()), words)
        if key in names:
            raise ValueError(
                f"'{names[key]}' and '{label}' of '{source}' are the same class name in words "
                f"('{words}'): merge them, or rename one."
            )
        names[words] = label
    read_labels(list(names), split_names=False)  # empty names, names that are too long
    return names


def _without_duplicates(collection: Collection) -> Collection:
    """Keep one of equal files.

    Raises:
        ValueError: Equal files in two classes.
    """
    kept_first = sorted(collection.clips, key=lambda clip: clip.split == 'train')  # val and test
    by_path = {clip.path: clip for clip in kept_first}
    copies: set[str] = set()
    across: list[str] = []
    for paths in find_duplicates(collection.root, list(by_path)):
        first, *others = (by_path[path] for path in paths)
        for other in others:
            if other.label != first.label:
                raise ValueError(
                    f"The same video is in two classes: '{first.path}' ({first.label}) and "
                    f"'{other.path}' ({other.label}); keep it in one."
                )
            copies.add(other.path)
            across += [other.path] * (other.split != first.split)
    if not copies:
        return collection
    note = f'{len(copies)} copies of other files are not used: {list_names(sorted(copies), 3)}'
    if across:
        note += f' ({len(across)} of them in both training and validation, kept in validation)'
    return collection.without(copies, f'{note}.')
