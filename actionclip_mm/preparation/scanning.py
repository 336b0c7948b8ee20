"""Scan a folder of videos or extracted frames, also for archives not yet unpacked."""

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from tqdm import tqdm

from ..benchmarks.identity import VIDEO_EXTENSIONS
from .reading import is_archive

IMAGE_NAME = re.compile(r'(?P<prefix>.*?)(?P<number>\d+)(?P<suffix>\.(jpg|jpeg|png|webp))', re.I)
HOST_TEMPLATE = ('img_{:05}.jpg', 1)  # of mmaction2's RawframeDataset, with its start_index


@dataclass(frozen=True)
class Found:
    """A video file, or a folder of frames.

    Args:
        path: Relative to the scanned folder, ``/`` between folders.
        frames: Number of frames of a folder, 0 for a video file.
        fault: Why it cannot be used, or None.
        replacement: Whether it is offered as a replacement for a broken file.
    """

    path: str
    frames: int = 0
    fault: str | None = None
    replacement: bool = False

    @property
    def stem(self) -> str:
        """Path without the extension of a video."""
        suffix = PurePosixPath(self.path).suffix
        is_video = suffix.lower() in VIDEO_EXTENSIONS and not self.frames
        return self.path[: -len(suffix)] if is_video else self.path


@dataclass
class Scan:
    """Content of a folder: videos or folders of frames, by name, and archives."""

    found: list[Found] = field(default_factory=list)
    archives: list[str] = field(default_factory=list)
    templates: set[tuple[str, int]] = field(default_factory=set)  # names of frames, first number


def scan(folder: Path, kind: str) -> Scan:
    """Scan a folder recursively, links included.

    Args:
        folder: The folder.
        kind: ``'videos'`` for video files, ``'rawframes'`` for folders of extracted frames.
    """
    result = Scan()
    seen: set[tuple[int, int]] = set()
    walk = os.walk(folder, followlinks=True, onerror=_raise)
    for where, folders, names in tqdm(
        walk, desc=f'scan {folder}', unit=' folders', mininterval=0.5
    ):
        status = os.stat(where)
        if (status.st_dev, status.st_ino) in seen:  # a link back up
            folders.clear()
            continue
        seen.add((status.st_dev, status.st_ino))
        folders.sort()
        prefix = Path(where).relative_to(folder).as_posix()
        prefix = '' if prefix == '.' else f'{prefix}/'
        result.archives += [f'{prefix}{name}' for name in names if is_archive(name)]
        if kind == 'videos':
            result.found += [_video(folder, f'{prefix}{name}') for name in names if is_video(name)]
        else:
            _add_frames(result, prefix.rstrip('/'), names)
    result.found.sort(key=lambda found: found.path)
    result.archives.sort()
    return result


def below(root: Path, folder: Path, found: list[Found], replacement: bool = False) -> list[Found]:
    """Files with paths relative to a folder above."""
    prefix = folder.relative_to(root).as_posix()
    start = '' if prefix == '.' else f'{prefix}/'
    return [replace(f, path=f'{start}{f.path}', replacement=replacement) for f in found]


def is_video(name: str) -> bool:
    """Whether a file name has the extension of a video."""
    return PurePosixPath(name).suffix.lower() in VIDEO_EXTENSIONS


def frame_template(names: Iterable[str]) -> tuple[str, int, int, str | None]:
    """Template, first number, number of frames and fault of the images of a folder.

    Optical flow (``flow_x_00001.jpg``) is ignored.
    """
    merged: dict[tuple[str, str], set[int]] = {}
    width = 0
    for name in names:
        match = IMAGE_NAME.fullmatch(name)
        if match and not match['prefix'].startswith('flow'):
            merged.setdefault((match['prefix'], match['suffix']), set()).add(int(match['number']))
            if re.match('0\\d', match['number']):  # only leading zeros tell the width
                width = max(width, len(match['number']))
    if not merged:
        return '', 0, 0, None
    (prefix, suffix), numbers = max(merged.items(), key=lambda item: len(item[1]))
    fault = None
    if len(merged) > 1:
        fault = f'images of {len(merged)} kinds of names in one folder'
    elif len(numbers) != max(numbers) - min(numbers) + 1:
        gap = next(n for n in range(min(numbers), max(numbers)) if n not in numbers)
        fault = f'frame {gap} is missing between {min(numbers)} and {max(numbers)}'
    template = f'{prefix}{{:0{width}}}{suffix}' if width else f'{prefix}{{}}{suffix}'
    return template, min(numbers), len(numbers), fault


def _video(folder: Path, path: str) -> Found:
    try:
        empty = os.stat(folder / path).st_size == 0
    except OSError as error:
        return Found(path, fault=f'cannot be read: {error.strerror}')
    return _found(path, fault='empty file' if empty else None)


def _add_frames(result: Scan, path: str, names: list[str]) -> None:
    template, start, count, fault = frame_template(names)
    if count:
        result.templates.add((template, start))
        result.found.append(_found(path, count, fault))


def _found(path: str, frames: int = 0, fault: str | None = None) -> Found:
    """A file; names that a list cannot hold are faults, escaped for reports."""
    if '\n' in path or '\r' in path:
        fault = 'a line break in its name: rename it'
    name = path.encode(errors='backslashreplace').decode()
    if name != path:
        fault = 'a name that is not UTF-8: rename it'
    return Found(name, frames, fault)


def _raise(error: OSError) -> None:
    raise error
