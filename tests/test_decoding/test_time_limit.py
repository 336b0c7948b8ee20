"""Run work in a thread with a time limit."""

import gc
import os
import signal
import threading
import time
import weakref
from collections.abc import Iterator

import pytest

from actionclip_mm.decoding.time_limit import within


@pytest.mark.parametrize('seconds', [None, 5.0])
def test_results_and_errors_are_passed_on(seconds: float | None) -> None:
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


def test_a_thread_is_reused_but_not_shared() -> None:
    first = within(5, threading.current_thread)
    assert within(5, threading.current_thread) is first
    inner = within(5, lambda: within(5, threading.current_thread))
    assert inner is not first


def test_an_abandoned_thread_ends_and_is_not_reused() -> None:
    end, threads = threading.Event(), []

    def hang() -> None:
        threads.append(threading.current_thread())
        end.wait()

    with pytest.raises(TimeoutError):
        within(0.2, hang)
    assert within(5, threading.current_thread) is not threads[0]
    end.set()
    threads[0].join(5)
    assert not threads[0].is_alive()


class Frames:
    """What a decoder holds."""


@pytest.fixture
def uncollected() -> Iterator[None]:
    """No garbage collection: a forked process would do it over again."""
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures('uncollected')
def test_results_are_not_kept() -> None:
    frames = weakref.ref(within(5, Frames))
    within(5, lambda: None)
    assert frames() is None


@pytest.mark.usefixtures('uncollected')
@pytest.mark.parametrize('seconds', [None, 5.0])
def test_failed_work_needs_no_garbage_collection(seconds: float | None) -> None:
    held = []

    def fail() -> None:
        frames = Frames()
        held.append(weakref.ref(frames))
        raise KeyError

    with pytest.raises(KeyError) as error:
        within(seconds, fail)
    assert held[0]() is not None  # by the error
    del error
    within(seconds, lambda: None)
    assert held[0]() is None


@pytest.mark.skipif(not hasattr(signal, 'SIGUSR1'), reason='there are no signals to send')
def test_an_interrupted_wait_leaves_no_thread() -> None:
    end, threads = threading.Event(), []

    def hang() -> None:
        threads.append(threading.current_thread())
        time.sleep(0.3)  # the wait has begun
        signal.pthread_kill(threading.main_thread().ident, signal.SIGUSR1)
        end.wait()

    def interrupt(*_: object) -> None:
        raise InterruptedError

    before = signal.signal(signal.SIGUSR1, interrupt)
    try:
        with pytest.raises(InterruptedError):
            within(20, hang)
    finally:
        signal.signal(signal.SIGUSR1, before)
    end.set()
    threads[0].join(5)
    assert not threads[0].is_alive()


@pytest.mark.skipif(not hasattr(os, 'fork'), reason='this system cannot fork')
def test_a_forked_process_has_threads_of_its_own() -> None:
    within(5, lambda: None)
    child = os.fork()
    if not child:
        os._exit(within(20, lambda: 7))
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 7
