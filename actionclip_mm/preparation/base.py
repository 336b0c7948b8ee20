"""What the official files of a data set say, and the base class of the readers."""

import argparse
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from pathlib import Path

from ..benchmarks import AnnotationList, Benchmark

OPTIONS = {'videos': '--videos', 'rawframes': '--frames'}  # kind -> option of its folder


@dataclass(frozen=True)
class ListedVideo:
    """A video of an official list.

    Args:
        path: Official path relative to the folder of videos, with ``/`` and its extension. It
            identifies the video, and stays in test lists if the file is missing.
        annotation: What follows the path in our list: ``'3'``, ``'3 17'``, or nothing.
        keys: Keys of files that are this video, best first; by default the key of ``path``.
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
        listed: Its description. A file name without ``{kind}`` is written for videos only.
        videos: Its videos, in the order in which they are written.
    """

    listed: AnnotationList
    videos: list[ListedVideo]

    @property
    def split(self) -> str:
        """Suffix of its folder of videos: ``'_val'`` for ``videos_val``."""
        return self.listed.folder.removeprefix('{kind}')


@dataclass
class Plan:
    """Content of the official files.

    Args:
        labels: Class names in id order.
        lists: The lists to write.
        problems: Broken rows and contradictions, one sentence each: listed in the report, and exit
            code 1.
        notes: Remarks that are not faults.
        texts: Other small text files to write: name -> lines.
    """

    labels: list[str] = field(default_factory=list)
    lists: list[VideoList] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    texts: dict[str, list[str]] = field(default_factory=dict)


class Preparation(ABC):
    """Reader of the official files of a data set, or of several in one layout.

    Args:
        benchmark: The data set.
    """

    def __init__(self, benchmark: Benchmark) -> None:
        self.benchmark = benchmark

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:  # noqa: B027 optional
        """Add options of this layout."""

    @abstractmethod
    def read(self, args: argparse.Namespace) -> Plan:
        """Read the official files in ``args.annotations``.

        Raises:
            FileNotFoundError: A file is missing; names the archive that holds it.
            ValueError: A file is unusable as a whole. Unusable rows go to ``Plan.problems``.
        """

    def split_folder(self, root: Path, split: str, kind: str) -> Path:
        """Folder of a split's videos or frames; ``root`` is what the user gave."""
        return root

    def replacement_folders(self, root: Path, kind: str) -> list[Path]:
        """Folders right below ``root`` with replacements for broken files."""
        return []

    def key(self, path: str) -> str:
        """Key under which a file on disk and a listed video are the same.

        Args:
            path: Relative path without extension: of a video file, of a folder of frames, or of a
                listed video.

        Returns:
            The case-folded path: official lists and official archives differ in case.
        """
        return path.casefold()
