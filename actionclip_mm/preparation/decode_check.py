"""Decode a few frames of many videos in parallel, and cache the readable ones.

Results are appended to a JSON-lines file, keyed by path, size and mtime, so an interrupted run
resumes where it stopped. Unreadable videos are retried in every run, since the cause may have been
the machine.
"""

import json
import multiprocessing
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from importlib import import_module
from pathlib import Path
from typing import NamedTuple, TypeVar

from tqdm import tqdm

from ..utils import name_errors
from ..utils.child_process import begin_worker

CACHE_NAME = 'decode_check.jsonl'  # next to the lists of a data set
TRUNCATED = 0.9  # report fewer frames than this share of the header's


class Reading(NamedTuple):
    """Result of decoding a video.

    Args:
        error: Why it is unreadable, or None.
        damage: What is wrong although it is readable, or None.
    """

    error: str | None = None
    damage: str | None = None


Identity = tuple[str, int, int]  # path, size and mtime
Reader = Callable[[str], Reading]
Result = TypeVar('Result')
CRASHED = Reading(error='the decoder crashed')


def decode(path: str) -> Reading:
    """Decode the first, the middle and the last frame of a video."""
    from ..decoding.probe import probe_video

    probe = probe_video(path)
    if probe.error is not None:
        return Reading(error=probe.error.removeprefix(f'{path}: '))
    if probe.missing:
        return Reading(damage=f'{probe.missing} of 3 frames cannot be decoded and are replaced')
    if probe.frames < TRUNCATED * probe.header_frames:
        return Reading(damage=f'{probe.frames} frames, {probe.header_frames} in its header')
    return Reading()


def check_decoding(
    paths: Iterable[Path], cache: Path, workers: int, read: Reader = decode
) -> dict[Path, Reading]:
    """Find videos that cannot be decoded, or not completely.

    Args:
        paths: The videos.
        cache: JSON-lines file of results, created if absent.
        workers: Number of processes.
        read: Decodes one video.

    Returns:
        Videos with an error or damage, in the order of ``paths``.
    """
    paths = list(dict.fromkeys(paths))
    found: dict[Path, Reading] = {}
    known = _read_cache(cache)
    todo: dict[Path, Identity] = {}
    for path in paths:
        try:
            now = identity(path)
        except OSError as error:
            found[path] = Reading(error=error.strerror or str(error))
            continue
        if now in known:
            found[path] = Reading(damage=known[now])
        else:
            todo[path] = now
    if known:
        before = sum(reading.error is None for reading in found.values())
        print(f'{before:,} of {len(paths):,} videos were checked before: {cache}')
    if todo and read is decode:
        import_module('..decoding.probe', __package__)  # once, before workers are forked
    results = read_each(todo, workers, read, CRASHED)
    end_line(cache)
    with open(cache, 'a', encoding='utf-8') as lines:
        for path, reading in tqdm(
            results, total=len(todo), desc='decode', unit=' videos', mininterval=0.5
        ):
            found[path] = reading
            if reading.error is None:
                row = dict(zip(('path', 'size', 'mtime_ns'), todo[path], strict=True))
                with name_errors(cache):
                    lines.write(json.dumps(row | dict(damage=reading.damage)) + '\n')
                    lines.flush()
    return {path: found[path] for path in paths if any(found[path])}


def read_each(
    paths: Iterable[Path], workers: int, read: Callable[[str], Result], crashed: Result
) -> Iterator[tuple[Path, Result]]:
    """Yield results as they come; a video that kills its process affects no other video.

    Args:
        paths: The videos.
        workers: Number of processes.
        read: Called with a path in another process.
        crashed: Result of a video that kills its process.
    """
    waiting = deque(paths)
    while waiting:
        running: dict[Future, Path] = {}
        with _pool(workers) as pool:
            try:
                while waiting or running:
                    while waiting and len(running) < 2 * workers:
                        future = pool.submit(read, str(waiting[0]))
                        running[future] = waiting.popleft()
                    done, _ = wait(running, return_when=FIRST_COMPLETED)
                    for future in done:
                        reading = future.result()
                        yield running.pop(future), reading
            except BrokenProcessPool:
                pass
            finally:  # an interrupt waits for running decodes only
                pool.shutdown(cancel_futures=True)
        # one of these killed its process: retry each in its own process
        for path in running.values():
            yield path, _read_alone(path, read, crashed)


def _read_alone(path: Path, read: Callable[[str], Result], crashed: Result) -> Result:
    with _pool(1) as pool:
        try:
            return pool.submit(read, str(path)).result()
        except BrokenProcessPool:
            return crashed


def _pool(workers: int) -> ProcessPoolExecutor:
    # forked workers have the package loaded; fork is unsafe on other systems
    method = 'fork' if sys.platform == 'linux' else None
    context = multiprocessing.get_context(method)
    return ProcessPoolExecutor(workers, context, initializer=begin_worker)


def identity(path: Path) -> Identity:
    status = path.stat()
    return str(path.resolve()), status.st_size, status.st_mtime_ns


def _read_cache(cache: Path) -> dict[Identity, str | None]:
    known = {}
    if cache.is_file():
        for line in cache.read_text(encoding='utf-8').splitlines():
            try:
                row = json.loads(line)
                known[row['path'], row['size'], row['mtime_ns']] = row['damage']
            except (ValueError, KeyError, TypeError):
                continue  # truncated line: decode that video again
    return known


def end_line(cache: Path) -> None:
    """End a truncated last line, so that the next one starts on its own."""
    cache.parent.mkdir(parents=True, exist_ok=True)
    if cache.is_file() and not cache.read_bytes().endswith(b'\n'):
        with open(cache, 'a', encoding='utf-8') as lines:
            lines.write('\n')
