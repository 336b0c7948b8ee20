"""Decoding ahead: order, bounds, errors, interruptions, threads that end."""

import threading
import time
from collections.abc import Iterator

import pytest

from actionclip_mm.apis import decoding_ahead
from actionclip_mm.apis.decoding_ahead import DecodedAhead, default_workers


def slow_first(number: int) -> int:
    time.sleep(0.05 if number == 0 else 0)
    return -number


@pytest.mark.parametrize('workers', [0, 1, 3])
def test_items_keep_the_order_of_their_sources(workers: int) -> None:
    with DecodedAhead(range(20), slow_first, workers) as decoded:
        assert list(decoded) == [-number for number in range(20)]
        assert next(decoded, None) is None
    with DecodedAhead([], slow_first, workers) as decoded:
        assert list(decoded) == []


def test_threads_decode_ahead_within_bounds(monkeypatch) -> None:
    monkeypatch.setattr(decoding_ahead, 'AHEAD_BYTES', 400)
    started = []

    def read(number: int) -> int:
        started.append(number)
        return number

    with DecodedAhead(range(50), read, 2, bytes_of=lambda _: 100) as decoded:
        assert not started, 'nothing is decoded before it is asked for'
        assert next(decoded) == 0
        deadline = time.monotonic() + 5
        while len(started) < 5 and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(0.05)
        assert sorted(started) == [0, 1, 2, 3, 4], 'one was given, four wait'
        assert decoded.ready()


@pytest.mark.parametrize('workers', [0, 2])
@pytest.mark.parametrize('where', ['read', 'sources'])
def test_errors_are_raised_in_their_turn(workers: int, where: str) -> None:
    def read(number: int) -> int:
        if where == 'read' and number == 3:
            raise MemoryError('of item 3')
        return number

    def sources() -> Iterator[int]:
        yield from range(3)
        if where == 'sources':
            raise MemoryError('of item 3')
        yield from range(3, 9)

    found = []
    with (
        pytest.raises(MemoryError, match='of item 3'),
        DecodedAhead(sources(), read, workers) as decoded,
    ):
        for item in decoded:
            found.append(item)
    assert found == [0, 1, 2]


def test_closing_stops_the_threads() -> None:
    release, started = threading.Event(), []

    def read(number: int) -> int:
        started.append(number)
        release.wait(5)
        return number

    decoded = DecodedAhead(range(99), read, 2)
    waiting = threading.Thread(target=next, args=(decoded, None))
    waiting.start()
    while len(started) < 2:
        time.sleep(0.005)
    decoded.close()
    release.set()
    waiting.join(5)
    assert not waiting.is_alive(), 'a caller that waits is released'
    time.sleep(0.05)
    assert sorted(started) == [0, 1] and next(decoded, None) is None


def test_workers_default_to_the_processors_of_this_process(monkeypatch) -> None:
    monkeypatch.setattr('os.sched_getaffinity', lambda _: set(range(64)), raising=False)
    assert default_workers() == decoding_ahead.MOST_WORKERS
    monkeypatch.setattr('os.sched_getaffinity', lambda _: {5}, raising=False)
    assert default_workers() == 1
