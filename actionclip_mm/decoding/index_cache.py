"""Keep frame indexes, so that a file is scanned once and not in every epoch.

An index is found by the path of its file and holds while size and modification time stay. A process
keeps recent ones in memory. A data set also has a cache file (SQLite) that its worker processes and
later runs share: ``<list>-<hash of its path>.sqlite`` in ``$ACTIONCLIP_INDEX_CACHE``, by default
``$XDG_CACHE_HOME/actionclip_mm/video_index``. It is safe to delete at any time. A damaged one, and
one of another FFmpeg, is made anew. ``ACTIONCLIP_INDEX_CACHE=off`` switches all of this off.
"""

import hashlib
import json
import os
import sqlite3
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import fields
from functools import lru_cache
from pathlib import Path
from typing import Any

import av
import numpy as np
from mmengine.logging import print_log

from .containers import check_size
from .video_index import VideoIndex, read_index

FOLDER_KEY = 'ACTIONCLIP_INDEX_CACHE'  # in the environment, which worker processes share
IN_MEMORY = 32 * 2**20  # bytes of indexes that a process keeps
BUSY = 2.0  # seconds to wait for another process that writes
SETTLED = 2 * 10**9  # ns since a change; another one could have the same time on coarse clocks
LAYOUT = 1  # raise it if an index of the same file changes
ARRAYS = ('times', 'key_times')
_NAMES = tuple(f.name for f in fields(VideoIndex) if f.name not in ('path', *ARRAYS))
TABLE = 'CREATE TABLE videos (path TEXT PRIMARY KEY, size INTEGER, changed INTEGER, content BLOB)'
State = tuple[int, int]  # of a file: size and modification time in ns


def is_on() -> bool:
    """Whether indexes are kept."""
    return os.environ.get(FOLDER_KEY) != 'off'


def cache_file(list_file: str | Path) -> Path | None:
    """Cache file of the data set with an annotation list; None if caching is off."""
    if not is_on():
        return None
    folder = os.environ.get(FOLDER_KEY)
    if not folder:
        home = os.environ.get('XDG_CACHE_HOME') or Path.home() / '.cache'
        folder = str(Path(home) / 'actionclip_mm' / 'video_index')
    name = os.path.abspath(list_file)
    digest = hashlib.sha256(os.fsencode(name)).hexdigest()[:12]
    return Path(folder) / f'{Path(name).stem}-{digest}.sqlite'


def cached_index(
    path: str, max_pixels: int | None = None, cache: str | Path | bool = True
) -> VideoIndex:
    """Frame index of a video, read from the video only if no cache has it.

    Args:
        path: The video, on a local disk.
        max_pixels: Largest frame; None for the environment's budget or 8K.
        cache: Cache file of the data set, True for this process's memory alone, False for none.

    Raises:
        UnreadableVideo: See :func:`read_index`.
    """
    state = _state_of(path) if is_on() else None
    if state is None or cache is False:
        return read_index(path, max_pixels)
    key = os.path.abspath(path)
    store = None if cache is True else _Store(Path(cache))
    index = _memory.get(key, state)
    if index is None and store is not None:
        index = store.get(key, state)
    if index is not None:
        check_size(path, index.size[1], index.size[0], max_pixels)
    else:
        index = read_index(path, max_pixels)
        if _state_of(path) != state or time.time_ns() - state[1] < SETTLED:
            return index
        if store is not None:
            store.put(key, state, index)
    _memory.put(key, state, index)
    return index


def _state_of(path: str) -> State | None:
    try:
        status = os.stat(path)
    except (OSError, ValueError):  # reading it says what is wrong
        return None
    return status.st_size, status.st_mtime_ns


class _Memory:
    """Indexes that this process used last."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Empty it; a forked process may have inherited a lock that is held."""
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[State, VideoIndex]] = {}
        self._bytes = 0

    def get(self, path: str, state: State) -> VideoIndex | None:
        """The index of a file in this state, if it is kept."""
        with self._lock:
            kept = self._kept.get(path)
            return kept[1] if kept is not None and kept[0] == state else None

    def put(self, path: str, state: State, index: VideoIndex) -> None:
        """Keep an index, and drop those that were not used for longest."""
        with self._lock:
            self._drop(path)
            self._kept[path] = state, index
            self._bytes += _size(index)
            while self._bytes > IN_MEMORY and self._kept:
                self._drop(next(iter(self._kept)))

    def _drop(self, path: str) -> None:
        kept = self._kept.pop(path, None)
        if kept is not None:
            self._bytes -= _size(kept[1])


def _size(index: VideoIndex) -> int:
    return 1000 + index.times.nbytes + index.key_times.nbytes


_memory = _Memory()


def forget() -> None:
    """Empty the memory of this process."""
    _memory.reset()


if hasattr(os, 'register_at_fork'):
    os.register_at_fork(after_in_child=forget)


class _Store:
    """Cache file of a data set.

    Each call opens and closes it: a forked process must not use a connection of its parent. What
    goes wrong costs time only: it is logged once and the index is read from the video.
    """

    def __init__(self, file: Path) -> None:
        self.file = file

    def get(self, path: str, state: State) -> VideoIndex | None:
        """The index of a file in this state, if it is stored and whole."""
        query = 'SELECT content FROM videos WHERE path = ? AND size = ? AND changed = ?'
        with self._handled(), self._opened() as base:
            row = base.execute(query, (path, *state)).fetchone()
            return None if row is None else _unpacked(path, row[0])
        return None

    def put(self, path: str, state: State, index: VideoIndex) -> None:
        """Store an index in place of an older one of its file."""
        row = path, *state, _packed(index)
        with self._handled(), self._opened() as base:
            base.execute('INSERT OR REPLACE INTO videos VALUES (?, ?, ?, ?)', row)

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        self.file.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(self.file, timeout=BUSY)) as base, base:
            base.execute('PRAGMA synchronous = OFF')  # it may be lost
            if not _is_current(base):
                base.execute('BEGIN IMMEDIATE')  # one process makes the table
                if not _is_current(base):
                    base.execute('DROP TABLE IF EXISTS videos')
                    base.execute(TABLE)
                    base.execute(f'PRAGMA user_version = {_version()}')
            yield base

    @contextmanager
    def _handled(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.OperationalError, OSError) as error:  # busy, read-only, no space
            _log_once(f'{self.file}: frame indexes of videos are not kept ({error})')
        except (sqlite3.DatabaseError, zlib.error) as error:
            _log_once(f'{self.file}: it is damaged ({error}) and made anew')
            for end in ('', '-journal'):
                Path(f'{self.file}{end}').unlink(missing_ok=True)


def _is_current(base: sqlite3.Connection) -> bool:
    return base.execute('PRAGMA user_version').fetchone() == (_version(),)


@lru_cache(maxsize=1)
def _version() -> int:
    """Number of the layout and of the FFmpeg that counted frames, 31 bits."""
    text = json.dumps([LAYOUT, _NAMES, av.library_versions])
    return zlib.crc32(text.encode()) >> 1


def _packed(index: VideoIndex) -> bytes:
    """The index but for its path, compressed, with zlib's checksum."""
    arrays = [np.diff(getattr(index, name), prepend=0).astype('<i8') for name in ARRAYS]
    head = {name: getattr(index, name) for name in _NAMES} | dict(frames=len(arrays[0]))
    content = json.dumps(head).encode() + b'\n' + b''.join(array.tobytes() for array in arrays)
    return zlib.compress(content, 1)


def _unpacked(path: str, packed: bytes) -> VideoIndex:
    head, _, steps = zlib.decompress(packed).partition(b'\n')
    values: dict[str, Any] = json.loads(head)
    parts = np.split(np.frombuffer(steps, '<i8'), [values.pop('frames')])
    values |= {name: part.cumsum() for name, part in zip(ARRAYS, parts, strict=True)}
    return VideoIndex(path, **values | dict(size=tuple(values['size'])))


@lru_cache(maxsize=100)
def _log_once(message: str) -> None:
    print_log(message, logger='current', level=30)
