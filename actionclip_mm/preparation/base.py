"""What a data set's official files say: classes, lists of videos and rows that are of no use."""

import argparse
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

OPTIONS = {'videos': '--videos', 'rawframes': '--frames'}  # kind -> what gives its folder


@dataclass(frozen=True)
class ListedVideo:
    """A video of an official list.

    Args:
        path: Where it is officially, relative to the folder of videos, ``/`` between folders and
            with its extension. It is what names the video, and stays in test lists if the file is
            missing.
        annotation: What follows the path in our list: ``'3'``, ``'3 17'``, or nothing.
        keys: Keys of files that are this video, best first; empty for the key of ``path``.
    """

    path: str
    annotation: str = ''
    keys: tuple[str, ...] = ()


def in_folder_or_flat(path: str) -> tuple[str, str]:
    """Keys of a listed ``<class>/<name>.avi``: in its class folder, or all in one flat folder."""
    stem = path.rpartition('.')[0].casefold()
    return stem, stem.rpartition('/')[2]


@dataclass
class VideoList:
    """An annotation list to write.

    Args:
        file: Name of the list, with ``{kind}`` for ``videos`` or ``rawframes``; a name without it
            is written for videos only.
        videos: Its videos, in the order in which they are written.
        test: Whether it serves to test: missing videos then stay in the list (and are scored
            wrong), and are left out of other lists.
        split: Which of the data set's folders holds the videos: ``''`` for ``videos``, ``'_val'``
            for ``videos_val``.
    """

    file: str
    videos: list[ListedVideo]
    test: bool = False
    split: str = ''

    @property
    def name(self) -> str:
        """Key of ``Preparation.sizes``: the file's name without kind and extension."""
        return self.file.removesuffix('.txt').replace('_{kind}', '')


@dataclass
class Plan:
    """All that the official files say.

    Args:
        labels: Class names in id order.
        lists: The lists to write.
        problems: Broken rows and contradictions, a sentence each: listed in the report, and exit
            code 1.
        notes: What is worth knowing and no fault.
        texts: Other small text files to write: name -> lines.
    """

    labels: list[str]
    lists: list[VideoList]
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    texts: dict[str, list[str]] = field(default_factory=dict)


class Preparation(ABC):
    """A data set: its published numbers and how its official files are read.

    Args:
        classes: Another number of classes than the published one.
        sizes: Other numbers of videos than the published ones.
    """

    name: str  # of the folder in data/
    title: str  # as people write it
    classes: int
    sizes: Mapping[str, Sequence[int]] = {}  # VideoList.name -> published numbers of videos
    fixed = True  # whether every copy must have these numbers
    annotations_help = 'folder of the official annotation files'

    def __init__(
        self, classes: int | None = None, sizes: Mapping[str, Sequence[int]] | None = None
    ) -> None:
        if classes is not None:
            self.classes = classes
        if sizes is not None:
            self.sizes = sizes

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:  # noqa: B027 optional
        """Adds options of this data set alone."""

    @abstractmethod
    def read(self, args: argparse.Namespace) -> Plan:
        """Reads the official files in ``args.annotations``.

        Raises:
            FileNotFoundError: A file is missing: says which archive holds it.
            ValueError: A file is of no use as a whole. A row that is of no use goes to
                ``Plan.problems`` instead.
        """

    def split_folder(self, root: Path, split: str, kind: str) -> Path:
        """Where the user's videos or frames of a split are; ``root`` is what was given."""
        return root

    def replacement_folders(self, root: Path, kind: str) -> list[Path]:
        """Folders of files that are offered in place of broken ones, right below ``root``."""
        return []

    def key(self, path: str) -> str:
        """What makes a file on disk and a listed video the same.

        Args:
            path: Relative path without extension: of a video file, of a folder of frames, or of a
                listed video.

        Returns:
            The path in small letters: official lists and official archives differ in case.
        """
        return path.casefold()
