"""Waiting for work, but not for ever."""

import threading
import time

import pytest

from actionclip_mm.datasets.decoding.time_limit import within


@pytest.mark.parametrize('seconds', [None, 5.0])
def test_results_and_errors_come_through(seconds: float | None) -> None:
    assert within(seconds, lambda: 'done') == 'done'
    assert within(seconds, lambda: None) is None
    with pytest.raises(ZeroDivisionError):
        within(seconds, lambda: 1 / 0)  # type: ignore[arg-type, return-value]


def test_without_a_limit_there_is_no_thread() -> None:
    assert within(None, threading.current_thread) is threading.current_thread()
    assert within(5, threading.current_thread).daemon


def test_the_wait_ends() -> None:
    end = threading.Event()
    start = time.monotonic()
    with pytest.raises(TimeoutError):
        within(0.2, end.wait)
    assert 0.15 < time.monotonic() - start < 5
    end.set()
