"""Uploaded files and the frames read from them: where they are, and when they go."""

import os
import shutil
import tempfile
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from ..apis.inputs import Source
from ..apis.video_reading import Clip, VideoReading

MEMORY = 256 * 2**20  # bytes of frames kept
TOTAL = 8  # uploads of the largest size that fit into the folder


class Uploads:
    """The folder of the uploads, and the folders whose files are shown besides.

    Args:
        samples: Folders with clips that visitors may pick.
    """

    def __init__(self, *samples: str | Path) -> None:
        self.folder = os.path.realpath(tempfile.mkdtemp(prefix='actionclip_serve_'))
        self.samples = [os.path.realpath(sample) for sample in samples]

    def covers(self, path: str) -> bool:
        """Whether a path is within these folders after following links; it need not exist."""
        return any(map(partial(_is_within, path), (self.folder, *self.samples)))

    def contains(self, path: str) -> bool:
        """Whether a path is a file within these folders."""
        return self.covers(path) and os.path.isfile(path)

    def delete(self, path: str) -> None:
        """Delete an upload; samples and absent files are left alone."""
        if self.contains(path) and _is_within(path, self.folder):
            os.unlink(path)

    def delete_older(self, seconds: float) -> None:
        """Delete uploads that were written more than ``seconds`` ago."""
        limit = time.time() - seconds
        for file in self._files():
            if file.lstat().st_mtime < limit:
                file.unlink(missing_ok=True)

    def size(self) -> int:
        """Bytes of all uploads."""
        return sum(file.lstat().st_size for file in self._files())

    def close(self) -> None:
        """Delete the folder."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _files(self) -> list[Path]:
        return [file for file in Path(self.folder).rglob('*') if file.is_file()]


def _is_within(path: str, folder: str) -> bool:
    try:
        return os.path.commonpath([folder, os.path.realpath(path)]) == folder
    except ValueError:  # a null byte
        return False


@dataclass(frozen=True)
class _Kept:
    clip: Clip
    until: float
    size: int


class RecentClips:
    """Read videos, and remember their frames for a while, so that the files can be deleted.

    Args:
        read: What reads a video.
        seconds: How long frames are remembered; 0 forgets them at once.
        memory: Most bytes of frames. Defaults to 256 MiB.
    """

    def __init__(self, read: VideoReading, seconds: float, memory: int = MEMORY) -> None:
        self._read, self._seconds, self._memory = read, seconds, memory
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._lock = threading.Lock()

    def __call__(self, source: Source | str) -> Clip:
        name = source if isinstance(source, str) else source.name
        with self._lock:
            self._forget()
            if name in self._kept:
                return self._kept[name].clip
        clip = self._read(source)
        images = clip.images()  # now, as long as the file exists
        clip = replace(clip, images=lambda: images)
        with self._lock:
            size = clip.data['inputs'].nbytes + images.nbytes
            self._kept[name] = _Kept(clip, time.monotonic() + self._seconds, size)
            self._forget()
        return clip

    def __contains__(self, name: str) -> bool:
        with self._lock:
            self._forget()
            return name in self._kept

    def __getattr__(self, name: str) -> object:
        return getattr(self._read, name)

    def _forget(self) -> None:
        now = time.monotonic()
        while self._kept and (
            next(iter(self._kept.values())).until <= now
            or sum(kept.size for kept in self._kept.values()) > self._memory
        ):
            self._kept.popitem(last=False)
