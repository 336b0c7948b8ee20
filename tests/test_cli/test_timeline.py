"""``actionclip timeline``: segments on stdout, files, exit codes."""

import json

import pytest

from actionclip_mm.cli import timeline
from actionclip_mm.utils.carried_files import carried


@pytest.fixture
def sample():
    folder = carried('data/mini_clip/samples')
    return [str(folder / 'dotted_blue_square.mp4'), '--arch', 'mini', '--labels-file',
            str(folder / 'labels.txt')]  # fmt: skip


def test_segments_and_files(sample, tmp_path, capsys):
    names = ['t.json', 't.csv', 't.srt', 't.png', 't.mp4']
    files = [str(tmp_path / name) for name in names]
    assert timeline.main([*sample, '--window', '1', '--stride', '0.25', '--out', *files]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith('0:00:00.0 - 0:00:02.1') and line.endswith('dotted blue square')
    assert all((tmp_path / name).stat().st_size for name in names)
    assert len(json.loads((tmp_path / 't.json').read_text())['windows']) == 6


def test_a_broken_video(sample, tmp_path, capsys):
    (tmp_path / 'broken.mp4').write_text('text')
    assert timeline.main([str(tmp_path / 'broken.mp4'), *sample[1:]]) == 1
    assert 'it is a text file' in capsys.readouterr().err


@pytest.mark.parametrize(
    'options, words',
    [
        (['--out', 'x.txt'], 'unsupported suffix: use .json, .csv, .srt'),
        (['--out', 'gone/x.json'], "the folder of 'gone/x.json' does not exist"),
        (['--window', '0'], 'must be a positive number of seconds, got 0'),
        (['--window', '1', '--stride', '2'], 'stride must be positive and at most window=1'),
        (['--labels', 'a', 'a'], "'a'"),
    ],
)
def test_wrong_calls(sample, options, words, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    argv = sample[:3] if '--labels' in options else sample
    with pytest.raises(SystemExit) as stop:
        timeline.main([*argv, *options])
    assert stop.value.code == 2 and words in capsys.readouterr().err


def test_a_live_source_is_not_annotated(sample, tmp_path, capsys):
    with pytest.raises(SystemExit):
        timeline.main(['rtsp://host/a', *sample[1:], '--out', str(tmp_path / 'a.mp4')])
    assert 'needs a video file: record the stream first' in capsys.readouterr().err
