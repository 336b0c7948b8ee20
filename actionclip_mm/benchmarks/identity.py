"""Compare lists by content: by their videos and class names, not by how they are written.

Copies of a data set differ in folders, file extensions, case, seconds in the names of clips and
numbering of the classes. The hashes here ignore all of that, so a list that a project published can
be compared with ours.
"""

import hashlib
import re
from collections.abc import Iterable

from ..utils import normalize_name

VIDEO_EXTENSIONS = (
    '.avi', '.mp4', '.webm', '.mkv', '.mov', '.m4v', '.flv', '.mpg', '.mpeg', '.wmv',
)  # fmt: skip
KINETICS_CLIP = re.compile(r'([\w-]{11})_\d+_\d+')


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
    return _hash(
        ' '.join([video_id(path), *sorted(map(normalize_name, names))]) for path, names in videos
    )


def hash_names(names: Iterable[str]) -> str:
    """SHA-256 of a set of class names, ignoring order, case and punctuation."""
    return _hash(map(normalize_name, names))


def _hash(lines: Iterable[str]) -> str:
    return hashlib.sha256('\n'.join(sorted(set(lines))).encode()).hexdigest()
