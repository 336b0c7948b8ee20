"""Kept frame indexes are those of the files, whatever happens to files, caches and processes."""

import multiprocessing
import os
import sqlite3
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from actionclip_mm.datasets import RobustVideoDataset
from actionclip_mm.decoding import UnreadableVideo, Video, VideoIndex, index_cache, read_index
from actionclip_mm.decoding.index_cache import cache_file, cached_index, forget


@pytest.fixture(autouse=True)
def empty_memory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(index_cache, '_memory', index_cache._Memory())
    monkeypatch.setenv('ACTIONCLIP_INDEX_CACHE', str(tmp_path / 'indexes'))


@pytest.fixture
def scans(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Paths of the files that were scanned."""
    paths: list[str] = []

    def read(path: str, max_pixels: int | None = None) -> VideoIndex:
        paths.append(path)
        return read_index(path, max_pixels)

    monkeypatch.setattr(index_cache, 'read_index', read)
    return paths


@pytest.fixture
def video(tmp_path: Path, write_video: Callable) -> Path:
    return settled(write_video(tmp_path / 'clip.mp4'))


def settled(path: Path, seconds: int = 60) -> Path:
    """Give a file a modification time in the past."""
    time = path.stat().st_mtime_ns - seconds * 10**9
    os.utime(path, ns=(time, time))
    return path


def assert_equal(first: VideoIndex, second: VideoIndex) -> None:
    for field in fields(VideoIndex):
        one, other = getattr(first, field.name), getattr(second, field.name)
        assert type(one) is type(other), field.name
        assert np.array_equal(one, other), field.name


def test_kept_indexes_are_fresh_ones(numbered_folder: Path, tmp_path: Path) -> None:
    file = tmp_path / 'cache.sqlite'
    names = [path for path in sorted(numbered_folder.iterdir()) if path.suffix != '.skipped']
    assert len(names) > 30
    for path in map(settled, names):
        fresh = read_index(str(path))
        assert_equal(cached_index(str(path), cache=file), fresh)
        assert_equal(cached_index(str(path), cache=file), fresh)  # from memory
        forget()
        assert_equal(cached_index(str(path), cache=file), fresh)  # from the file


def test_a_file_is_scanned_once(video: Path, tmp_path: Path, scans: list[str]) -> None:
    file = tmp_path / 'cache.sqlite'
    for _ in range(3):
        Video(str(video), index_cache=file).read([3])
    assert len(scans) == 1
    forget()
    Video(str(video), index_cache=file).read([3])
    assert len(scans) == 1
    forget()
    Video(str(video)).read([3])
    Video(str(video)).read([3])
    assert len(scans) == 2  # in memory alone


@pytest.mark.parametrize('change', ['size', 'time'])
def test_a_changed_file_has_a_new_index(
    change: str, video: Path, tmp_path: Path, write_video: Callable, scans: list[str]
) -> None:
    file = tmp_path / 'cache.sqlite'
    assert len(cached_index(str(video), cache=file)) == 12
    if change == 'size':
        write_video(video, np.full((5, 48, 64, 3), 9))
    settled(video, 30)
    expected = 5 if change == 'size' else 12
    for _ in range(2):
        assert len(cached_index(str(video), cache=file)) == expected
        forget()
    assert len(scans) == 2
    with sqlite3.connect(file) as base:
        assert base.execute('SELECT count(*) FROM videos').fetchone() == (1,)


def test_a_file_that_was_just_written_is_not_kept(
    tmp_path: Path, write_video: Callable, scans: list[str]
) -> None:
    path = str(write_video(tmp_path / 'new.mp4'))
    cached_index(path)
    cached_index(path)
    assert len(scans) == 2


@pytest.mark.parametrize('damage', ['text', 'empty', 'half', 'content', 'other version'])
def test_a_damaged_cache_is_made_anew(
    damage: str, video: Path, tmp_path: Path, scans: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / 'cache.sqlite'
    said: list[str] = []
    monkeypatch.setattr(index_cache, '_log_once', said.append)
    fresh = cached_index(str(video), cache=file)
    content = file.read_bytes()
    if damage == 'content':
        with sqlite3.connect(file) as base:
            base.execute("UPDATE videos SET content = x'789c00ff'")
    elif damage == 'other version':
        monkeypatch.setattr(index_cache, '_version', lambda: 7)
    else:
        bad = dict(text=b'no data base' * 99, empty=b'', half=content[: len(content) // 2])
        file.write_bytes(bad[damage])
    for expected in (2, 3, 3):  # the second one stores it anew if the file was deleted
        forget()
        assert_equal(cached_index(str(video), cache=file), fresh)
        assert len(scans) <= expected
    forget()
    before = len(scans)
    cached_index(str(video), cache=file)
    assert len(scans) == before
    assert all('is damaged' in line for line in said)
    assert bool(said) == (damage in ('text', 'half', 'content'))


def test_a_deleted_cache(video: Path, tmp_path: Path, scans: list[str]) -> None:
    file = tmp_path / 'cache.sqlite'
    for _ in range(2):
        cached_index(str(video), cache=file)
        forget()
        file.unlink()
    assert len(scans) == 2


def test_a_cache_that_cannot_be_written(
    video: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(index_cache, '_log_once', said.append)
    (tmp_path / 'file').write_text('not a folder')
    assert len(cached_index(str(video), cache=tmp_path / 'file' / 'cache.sqlite')) == 12
    assert said and all('frame indexes of videos are not kept' in line for line in said)


def test_the_budget_of_pixels_holds_for_kept_ones(video: Path) -> None:
    cached_index(str(video))
    with pytest.raises(UnreadableVideo, match='more than max_pixels=99'):
        cached_index(str(video), 99)


@pytest.mark.parametrize('switch', ['environment', 'argument'])
def test_switched_off(
    switch: str, video: Path, scans: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    if switch == 'environment':
        monkeypatch.setenv('ACTIONCLIP_INDEX_CACHE', 'off')
        assert cache_file('list.txt') is None
    for _ in range(2):
        cached_index(str(video), cache=switch != 'argument')
    assert len(scans) == 2


def test_memory_is_bounded(video: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    index = read_index(str(video))
    monkeypatch.setattr(index_cache, 'IN_MEMORY', 10 * index_cache._size(index))
    memory = index_cache._Memory()
    for number in range(30):
        memory.put(f'{number}', (1, 1), index)
    kept = [number for number in range(30) if memory.get(f'{number}', (1, 1)) is not None]
    assert kept == list(range(20, 30))
    assert memory._bytes <= index_cache.IN_MEMORY


def _index_all(paths: list[str], file: Path, rounds: int) -> None:
    for _ in range(rounds):
        forget()
        for path in paths:
            assert len(cached_index(path, cache=file)) == 3


def test_processes_share_a_cache(tmp_path: Path, write_video: Callable) -> None:
    """They begin at once, also on a file that none of them can read."""
    frames = np.full((3, 32, 32, 3), 50)
    paths = [str(settled(write_video(tmp_path / f'{i}.mp4', frames))) for i in range(6)]
    file = tmp_path / 'cache.sqlite'
    file.write_bytes(b'no data base' * 99)
    fork = multiprocessing.get_context('fork')
    workers = [fork.Process(target=_index_all, args=(paths, file, 3)) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
        assert worker.exitcode == 0
    with sqlite3.connect(file) as base:
        assert base.execute('PRAGMA integrity_check').fetchone() == ('ok',)
        assert base.execute('SELECT count(*) FROM videos').fetchone() == (6,)


def test_a_data_set_has_its_own_file(video: Path, tmp_path: Path, scans: list[str]) -> None:
    (tmp_path / 'train.txt').write_text('clip.mp4 0\n')
    sample = dict(type='SegmentCentreSample', clip_len=4)
    pipeline = [dict(type='VideoInit'), sample, dict(type='VideoDecode')]
    for _ in range(2):
        data = RobustVideoDataset(
            ann_file=str(tmp_path / 'train.txt'),
            data_prefix=dict(video=str(tmp_path)),
            pipeline=pipeline,
        )
        assert len(data[0]['imgs']) == 4
        forget()
    assert len(scans) == 1
    (file,) = (tmp_path / 'indexes').iterdir()
    assert file == cache_file(tmp_path / 'train.txt') and file.name.startswith('train-')
    pipeline[0] = dict(type='VideoInit', index_cache=False)
    data = RobustVideoDataset(
        ann_file=str(tmp_path / 'train.txt'),
        data_prefix=dict(video=str(tmp_path)),
        pipeline=pipeline,
    )
    assert len(data[0]['imgs']) == 4 and len(scans) == 2
