"""``actionclip check-videos``: finds unreadable videos and decodes the others once."""

import json

import pytest

from actionclip_mm.cli.check_videos import main

GOOD = ('one/a.avi', 'with space/b c.mp4', 'd.mkv')


@pytest.fixture
def root(tmp_path, write_video):
    """Folder of a data set: videos_val/ with good and bad files, and a list of them."""
    videos = tmp_path / 'videos_val'
    for name in GOOD:
        write_video(videos / name)
    (videos / 'empty.mp4').write_bytes(b'')
    (videos / 'text.mp4').write_text('no video\n' * 100)
    lines = [f'{name} {index}' for index, name in enumerate((*GOOD, 'empty.mp4', 'text.mp4'))]
    (tmp_path / 'toy_val_list_videos.txt').write_text('\r\n'.join([*lines, 'absent.mp4 7']))
    return tmp_path


@pytest.fixture
def check(root):
    def run(*args: str) -> int:
        try:
            return main([str(root / 'toy_val_list_videos.txt'), '--workers=2', *args])
        except SystemExit as stop:  # a wrong call
            return stop.code

    return run


def test_clean_list_and_report(root, check, capsys) -> None:
    assert check() == 1
    clean = (root / 'toy_val_list_videos_clean.txt').read_text().splitlines()
    assert clean == [f'{name} {index}' for index, name in enumerate(GOOD)]
    report = json.loads((root / 'toy_val_list_videos_report.json').read_text())
    assert (report['listed'], report['readable'], report['bad']) == (6, 3, 3)
    assert set(report['bad_videos']) == {'empty.mp4', 'text.mp4', 'absent.mp4'}
    assert all(reason and '\n' not in reason for reason in report['bad_videos'].values())
    assert 'BAD empty.mp4: ' in capsys.readouterr().out


def test_a_second_run_reads_only_the_bad_videos(root, check, capsys, monkeypatch) -> None:
    assert check() == 1
    cache = (root / 'decode_check.jsonl').read_text()
    assert len(cache.splitlines()) == 3
    for name in ('empty.mp4', 'text.mp4', 'absent.mp4'):
        (root / 'videos_val' / name).write_bytes((root / 'videos_val' / GOOD[1]).read_bytes())
    capsys.readouterr()
    assert check() == 2  # repaired, so the existing clean list differs
    assert '3 of 6 videos were checked before' in (output := capsys.readouterr()).out
    assert '--overwrite' in output.err
    assert check('--overwrite') == 0
    assert len((root / 'toy_val_list_videos_clean.txt').read_text().splitlines()) == 6
    monkeypatch.setattr('actionclip_mm.preparation.decode_check._pool', None)
    assert check() == 0  # nothing is decoded


def test_wrong_calls(root, check, capsys) -> None:
    for args, words in (
        (['--data-prefix', str(root)], 'None of the 6 videos'),
        (['--workers=0'], '--workers: must be a positive integer, got 0'),
        (['--out', str(root / 'toy_val_list_videos.txt')], 'would be overwritten'),
    ):
        assert check(*args) == 2
        assert words in capsys.readouterr().err
    (root / 'videos_val').rename(root / 'elsewhere')
    assert check() == 2
    assert 'No folder videos or videos_val' in capsys.readouterr().err
    assert check('--data-prefix', str(root / 'elsewhere')) == 1


@pytest.mark.slow
def test_from_the_command_line(root, run_tool) -> None:
    output = run_tool('check-videos', root / 'toy_val_list_videos.txt', ok=False)
    assert '6 listed, 3 readable, 0 damaged, 3 bad' in output
