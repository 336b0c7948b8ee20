"""What makes two lists the same: their videos and class names, not how many lines they have.

Copies of a data set differ in folders, endings, case, seconds in the names of clips and in the
numbering of the classes. The hashes here ignore all of that, so a list that a project published can
be compared with ours. ``published_lists.json`` has the hashes of the published lists,
``published_classes.json`` the names of published class sets.
"""

import hashlib
import json
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from ..datasets.preparation.scanning import VIDEO_EXTENSIONS
from ..utils.label_names import plain

FOLDER = Path(__file__).parent
KINETICS_CLIP = re.compile(r'([\w-]{11})_\d+_\d+')


class PublishedList(NamedTuple):
    """A list of videos that a project published.

    Attributes:
        name: Its name in this project.
        size: Number of different videos.
        videos: :func:`hash_videos` of it.
        classes: :func:`hash_names` of the classes that the classifier knows.
        projects: Those that ship this list.
        source: A file that it was read from.
    """

    name: str
    size: int
    videos: str
    classes: str
    projects: tuple[str, ...]
    source: str


def video_id(path: str) -> str:
    """A video's name without folder and extension; for clips of Kinetics without the seconds."""
    name = path.replace('\\', '/').rstrip('/').rpartition('/')[2]
    stem, dot, extension = name.rpartition('.')
    name = stem if f'{dot}{extension}'.lower() in VIDEO_EXTENSIONS else name
    clip = KINETICS_CLIP.fullmatch(name)
    return (clip[1] if clip else name).casefold()


def hash_videos(videos: Iterable[tuple[str, Iterable[str]]]) -> str:
    """SHA-256 of a set of videos with their class names.

    Args:
        videos: Path and class names of each video.
    """
    return _hash(' '.join([video_id(path), *sorted(map(plain, names))]) for path, names in videos)


def hash_names(names: Iterable[str]) -> str:
    """SHA-256 of a set of class names, whatever their order, case and punctuation."""
    return _hash(map(plain, names))


def _hash(lines: Iterable[str]) -> str:
    return hashlib.sha256('\n'.join(sorted(set(lines))).encode()).hexdigest()


@cache
def published_lists() -> dict[str, PublishedList]:
    """Name -> published list."""
    content = _read('published_lists.json')
    return {name: PublishedList(name=name, **entry) for name, entry in content.items()}


def known(*names: str) -> tuple[str, ...]:
    """Those of the names that are published lists."""
    return tuple(name for name in names if name in published_lists())


@cache
def base_to_novel_classes(dataset: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Base and novel classes as ViFi-CLIP published them, in its order.

    Args:
        dataset: 'kinetics400', 'ucf101', 'hmdb51' or 'ssv2'.
    """
    classes = _read('published_classes.json')['base_to_novel'][dataset]
    return tuple(classes['base']), tuple(classes['novel'])


@cache
def kinetics600_zero_shot_classes(split: int) -> tuple[str, ...]:
    """The 160 test classes of zero-shot split 1, 2 or 3 of Kinetics-600, in alphabetical order."""
    return tuple(_read('published_classes.json')['kinetics600_zero_shot'][f'split_{split}'])


def _read(name: str) -> Any:
    return json.loads((FOLDER / name).read_text(encoding='utf-8'))
