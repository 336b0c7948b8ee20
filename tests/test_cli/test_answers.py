"""Output of ``actionclip predict``: probabilities and similarities."""

import errno
import io
import json
import os

import pytest

from actionclip_mm.apis import Prediction
from actionclip_mm.cli import _answers
from actionclip_mm.cli._ending import _SafeStream


@pytest.mark.parametrize(
    ('scores', 'probabilities', 'lines', 'key'),
    [
        ((0.25, 0.75), True, ['  run    75.00 %', '  wave   25.00 %'], 'probability'),
        ((27.5, 31.25), False, ['  run    31.25', '  wave   27.50'], 'similarity'),
    ],
)
def test_scores_say_what_they_are(scores, probabilities, lines, key):
    answer = Prediction('a.mp4', ('wave', 'run'), scores, are_probabilities=probabilities)
    assert _answers.table(answer, 2).splitlines() == ['a.mp4', *lines]
    (video,) = _answers.content_of([answer], 1, 'w.pth')['videos']
    assert video['predictions'] == [{'label': 'run', key: max(scores)}]


def test_names_cannot_control_the_terminal():
    answer = Prediction('a\x1b[2J.mp4', ('wave\x1b]0;x\x07', 'r\run'), (0.2, 0.8))
    assert _answers.table(answer, 2).splitlines() == [
        'a\\x1b[2J.mp4', '  r\\run              80.00 %', '  wave\\x1b]0;x\\x07   20.00 %',
    ]  # fmt: skip


def test_streams_escape_terminal_commands():
    shown = io.StringIO()
    stream = _SafeStream(shown)
    print('\x1b[32mgreen\x1b[0m\r\x1b[K1/2\ta\x1b]52;c;eA==\x07\x1b[2J\x9b', file=stream)
    assert shown.getvalue() == (
        '\x1b[32mgreen\x1b[0m\r\x1b[K1/2\ta\\x1b]52;c;eA==\\x07\\x1b[2J\\x9b\n'
    )
    assert not stream.isatty()


def test_a_full_disk_prints_the_answers(tmp_path, monkeypatch):
    """The old file stays, and what was computed is not lost."""
    target, out = tmp_path / 'answers.json', io.StringIO()
    target.write_text('old')

    def fail(*args):
        raise OSError(errno.ENOSPC, 'No space left on device')

    monkeypatch.setattr(os, 'fsync', fail)
    content = _answers.content_of([Prediction('a.mp4', ('wave',), (1.0,))], 1, 'w.pth')
    with pytest.raises(OSError, match=r'No space left on device; .*The answers were printed'):
        _answers.write_answers(str(target), content, out)
    assert json.loads(out.getvalue()) == content
    assert target.read_text() == 'old' and len(list(tmp_path.iterdir())) == 1


def test_answers_of_a_stopped_run_have_a_file_of_their_own(tmp_path):
    for number in ('', '.2', '.3'):  # answers of earlier interrupted runs are kept
        place = tmp_path / f'a.partial{number}.json'
        assert _answers.partial_path(str(tmp_path / 'a.json')) == str(place)
        place.touch()
    assert _answers.partial_path('-') == '-' and _answers.partial_path('/dev/null') == '/dev/null'
