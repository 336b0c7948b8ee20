"""Batches of clips: adaptive sizes, shapes, failures, latency of the first answer."""

from types import SimpleNamespace

import pytest
import torch

from actionclip_mm.apis import batches
from actionclip_mm.apis.batches import BatchSize, Unread, clips_in_batches
from actionclip_mm.apis.inputs import Source
from actionclip_mm.apis.video_reading import VideoError


def read(source: Source) -> SimpleNamespace:
    if source.name.startswith('bad'):
        raise VideoError(f'{source.name}: it is bad')
    side = 4 if source.name.startswith('large') else 2
    return SimpleNamespace(source=source, data=dict(inputs=torch.zeros(1, 3, 8, side, side)))


def grouped(names: list[str], size: BatchSize, workers: int) -> list:
    found: list = []
    for group in clips_in_batches(map(Source, names), read, size, workers):  # type: ignore[arg-type]
        if isinstance(group, Unread):
            found.append(str(group.error))
        else:
            found.append([clip.source.name for clip in group])
    return found


@pytest.mark.parametrize('workers', [0, 2])
def test_a_fixed_size_is_waited_for_and_shapes_stay_apart(workers: int) -> None:
    names = ['1', '2', 'large', 'bad', '3', '4', '5']
    expected = [['1', '2'], ['large'], 'bad: it is bad', ['3', '4', '5']]
    assert grouped(names, BatchSize(4), workers) == expected


def test_without_threads_automatic_batches_are_single_videos() -> None:
    assert grouped(['1', 'bad', '2'], BatchSize(None), 0) == [['1'], 'bad: it is bad', ['2']]


def limits_of(monkeypatch, batches_of: list[tuple[int, float]]) -> list[int]:
    """The limit after each batch of some videos that took some seconds."""
    size, limits = BatchSize(None), []
    for videos, seconds in batches_of:
        times = iter([0, seconds])
        monkeypatch.setattr(batches.time, 'perf_counter', lambda times=times: next(times, 0))
        with size.timed(videos):
            pass
        limits.append(size.of(1))
    return limits


def test_automatic_sizes_grow_while_that_saves_time(monkeypatch) -> None:
    small_model = [(1, 0.1), (1, 9), (2, 0.12), (4, 0.16), (8, 0.24), (16, 0.4), (16, 0.4)]
    assert limits_of(monkeypatch, small_model) == [2, 2, 4, 8, 16, 16, 16]
    large_model = [(1, 0.5), (2, 0.95), (1, 0.1), (1, 0.1)]
    assert limits_of(monkeypatch, large_model) == [2, 1, 1, 1], 'nothing to gain'
    assert limits_of(monkeypatch, [(1, 2.5), (1, 2.4)]) == [1, 1], 'answers must not wait longer'


def test_memory_bounds_automatic_batches_only() -> None:
    size = BatchSize(None)
    size.limit = batches.MOST_AT_ONCE
    assert size.of(3 * 8 * 224**2) == 16
    assert size.of(3 * 32 * 224**2) == 4
    assert size.of(3 * 32 * 30 * 224**2) == 1
    assert BatchSize(5).of(3 * 32 * 30 * 224**2) == 5


def test_many_decoded_clips_meet_in_one_batch() -> None:
    size = BatchSize(None)
    found = []
    for group in clips_in_batches(map(Source, '123456789'), read, size, 1):  # type: ignore[arg-type]
        found.append(len(group))  # type: ignore[arg-type]
        size.limit = 16
        if len(found) == 1:
            import time

            time.sleep(0.2)  # the others are decoded meanwhile
    assert found == [1, 8]
