"""Decodes a few frames of many videos in parallel, and remembers what was read well.

Results go to a JSON-lines file as they come, keyed by path, size and time of change: a run that was
cut off goes on where it stopped. Videos that could not be read are tried again in every run, since
the reason may have been the machine's.
"""

import json
import multiprocessing
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

from tqdm import tqdm

CACHE_NAME = 'decode_check.jsonl'  # beside the lists of a data set
Reader = Callable[[str], str | None]


def decode(path: str) -> str | None:
    """Reads the first, the middle and the last frame of a video; returns what failed, or None."""
    from actionclip_mm.datasets.video_probe import probe_video

    return probe_video(path).error


def check_decoding(
    paths: Iterable[Path], cache: Path, workers: int, read: Reader = decode
) -> dict[Path, str]:
    """Finds the videos that cannot be decoded.

    Args:
        paths: The videos.
        cache: JSON-lines file of results; made where there is none.
        workers: Number of processes.
        read: What reads a video and returns what failed, or None.

    Returns:
        Path -> reason of each bad video.
    """
    paths = list(dict.fromkeys(paths))
    bad: dict[Path, str] = {}
    known, todo = _read_cache(cache), []
    for path in paths:
        try:
            identity = _identity(path)
        except OSError as error:
            bad[path] = error.strerror or str(error)
            continue
        if identity not in known:
            todo.append(path)
    if len(todo) < len(paths):
        print(f'{len(paths) - len(todo) - len(bad):,} videos were decoded before: {cache}')
    results = _read_all(todo, workers, read)
    _end_line(cache)
    with open(cache, 'a', encoding='utf-8') as lines:
        for path, error in tqdm(results, total=len(todo), desc='decode', unit=' videos'):
            if error is not None:
                bad[path] = error
                continue
            name, size, changed = _identity(path)
            lines.write(json.dumps(dict(path=name, size=size, mtime_ns=changed)) + '\n')
            lines.flush()
    return {path: bad[path] for path in paths if path in bad}


def _read_all(paths: list[Path], workers: int, read: Reader) -> Iterator[tuple[Path, str | None]]:
    """Yields results as they come; a video that kills its process costs that video alone."""
    waiting = deque(paths)
    while waiting:
        running: dict[Future, Path] = {}
        with _pool(workers) as pool:
            try:
                while waiting or running:
                    while waiting and len(running) < 2 * workers:
                        running[pool.submit(read, str(waiting[0]))] = waiting.popleft()
                    done, _ = wait(running, return_when=FIRST_COMPLETED)
                    for future in done:
                        error = future.result()
                        yield running.pop(future), error
            except BrokenProcessPool:
                pass
        # one of those under way did it: each gets a process of its own
        for path in running.values():
            yield path, _read_alone(path, read)


def _read_alone(path: Path, read: Reader) -> str | None:
    with _pool(1) as pool:
        try:
            return pool.submit(read, str(path)).result()
        except BrokenProcessPool:
            return 'the decoder crashed on it'


def _pool(workers: int) -> ProcessPoolExecutor:
    # forked workers have the package loaded already; other systems have no fork that is safe
    method = 'fork' if sys.platform == 'linux' else None
    return ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context(method))


def _identity(path: Path) -> tuple[str, int, int]:
    status = path.stat()
    return str(path.resolve()), status.st_size, status.st_mtime_ns


def _read_cache(cache: Path) -> set[tuple[str, int, int]]:
    known = set()
    if cache.is_file():
        for line in cache.read_text(encoding='utf-8').splitlines():
            try:
                row = json.loads(line)
                known.add((row['path'], row['size'], row['mtime_ns']))
            except (ValueError, KeyError, TypeError):
                continue  # cut off while it was written: that video is decoded again
    return known


def _end_line(cache: Path) -> None:
    """Ends a last line that was cut off, so that the next one starts anew."""
    cache.parent.mkdir(parents=True, exist_ok=True)
    if cache.is_file() and not cache.read_bytes().endswith(b'\n'):
        with open(cache, 'a', encoding='utf-8') as lines:
            lines.write('\n')
