"""Progress: silent for short work, a bar on a terminal, lines in the log elsewhere."""

import io
import re
from collections.abc import Callable

import pytest

from actionclip_mm.utils import progress
from actionclip_mm.utils.progress import with_progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A clock that stands still unless the test moves it."""
    now = [0.0]
    monkeypatch.setattr(progress.time, 'monotonic', lambda: now[0])
    return now


def test_lines_with_the_time_left(clock: list[float], log: Callable[[], str]) -> None:
    seen = []
    for item in with_progress(range(10), 'encoding 40 sentences'):
        seen.append(item)
        clock[0] += 20
    assert seen == list(range(10))
    said = re.findall(r'encoding 40 sentences: (.*)', log())
    assert said == [  # the first after one step, then every 30 seconds
        '1 of 10, about 3 min left',
        '3 of 10, about 2 min left',
        '5 of 10, about 2 min left',
        '7 of 10, about 60 s left',
        '9 of 10, about 20 s left',
    ]


def test_short_work_is_silent(clock: list[float], log: Callable[[], str]) -> None:
    for _ in with_progress(range(10), 'work'):
        clock[0] += 0.1
    assert 'work' not in log()


@pytest.mark.parametrize('delay', [0.0, 3.0])
def test_a_bar_on_a_terminal(delay: float, monkeypatch: pytest.MonkeyPatch) -> None:
    stream = Terminal()
    monkeypatch.setattr('sys.stderr', stream)
    monkeypatch.setattr(progress, 'DELAY', delay)
    assert list(with_progress([1, 2, 3], 'work')) == [1, 2, 3]
    assert ('work' in stream.getvalue()) == (delay == 0)
