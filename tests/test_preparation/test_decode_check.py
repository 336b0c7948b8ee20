"""The decoding check survives crashing decoders and caches its results."""

import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from actionclip_mm.preparation.decode_check import Reading, check_decoding


def read(path: str) -> Reading:
    """Fake decoder: the file name decides the result; each call is recorded."""
    name = Path(path).name
    with open(Path(path).parent / 'calls', 'a') as calls:
        calls.write(f'{name}\n')
    if 'crash' in name:
        os._exit(1)
    if 'bad' in name:
        return Reading(error='bad')
    return Reading(damage='cut off' if 'part' in name else None)


@pytest.fixture
def videos(tmp_path: Path) -> list[Path]:
    names = [f'good{i}' for i in range(8)] + ['bad', 'crash1', 'part', 'crash2', 'good8']
    for name in names:
        (tmp_path / name).write_bytes(b'x')
    return [tmp_path / name for name in names]


def calls(folder: Path) -> list[str]:
    return (folder / 'calls').read_text().split() if (folder / 'calls').exists() else []


@pytest.mark.parametrize('workers', [1, 3])
def test_a_crash_affects_one_video(videos, tmp_path, workers) -> None:
    found = check_decoding(videos, tmp_path / 'cache', workers, read)
    assert [path.name for path in found] == ['bad', 'crash1', 'part', 'crash2']
    by_name = {path.name: reading for path, reading in found.items()}
    assert by_name['bad'] == Reading(error='bad')
    assert by_name['part'] == Reading(damage='cut off')
    assert by_name['crash1'].error == 'the decoder crashed'
    assert set(calls(tmp_path)) == {path.name for path in videos}


def test_caches_by_path_size_and_mtime(videos, tmp_path) -> None:
    videos = [path for path in videos if 'crash' not in path.name]
    first = check_decoding(videos, tmp_path / 'cache', 2, read)
    (tmp_path / 'calls').unlink()
    assert check_decoding(videos, tmp_path / 'cache', 2, read) == first
    assert calls(tmp_path) == ['bad']  # what failed may have been the machine
    (tmp_path / 'calls').unlink()
    os.utime(videos[0], ns=(1, 1))
    videos[1].write_bytes(b'xx')
    check_decoding(videos, tmp_path / 'cache', 2, read)
    assert sorted(calls(tmp_path)) == ['bad', 'good0', 'good1']


def test_a_truncated_cache_line_is_decoded_again(videos, tmp_path) -> None:
    check_decoding(videos[:3], tmp_path / 'cache', 1, read)
    text = (tmp_path / 'cache').read_text()
    (tmp_path / 'cache').write_text(text[:-20])
    (tmp_path / 'calls').unlink()
    check_decoding(videos[:3], tmp_path / 'cache', 1, read)
    assert len(calls(tmp_path)) == 1
    (tmp_path / 'calls').unlink()
    assert check_decoding(videos[:3], tmp_path / 'cache', 1, read) == {}
    assert calls(tmp_path) == []
    rows = [json.loads(line) for line in (tmp_path / 'cache').read_text().splitlines()[-1:]]
    assert set(rows[0]) == {'path', 'size', 'mtime_ns', 'damage'}


def replace_it(path: str) -> Reading:
    reading = read(path)
    Path(path).write_bytes(b'another video')
    return reading


def test_a_video_that_changes_meanwhile_is_not_cached(videos, tmp_path) -> None:
    check_decoding(videos[:1], tmp_path / 'cache', 1, replace_it)
    check_decoding(videos[:1], tmp_path / 'cache', 1, read)
    assert calls(tmp_path) == [videos[0].name] * 2


def interrupt(path: str) -> Reading:
    """Send Ctrl-C while the fifth video is decoded."""
    reading = read(path)
    if path.endswith('good4'):
        os.kill(os.getppid(), signal.SIGINT)
        time.sleep(0.5)
    return reading


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Ctrl-C counts, though a shell has started the tests in the background, where it does not."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures('interruptible')
def test_an_interrupt_loses_nothing(videos, tmp_path) -> None:
    videos = [path for path in videos if 'good' in path.name]
    with pytest.raises(KeyboardInterrupt):
        check_decoding(videos, tmp_path / 'cache', 1, interrupt)
    first = calls(tmp_path)
    assert len(first) < len(videos)  # what waited for its turn is not read any more
    rows = [json.loads(line) for line in (tmp_path / 'cache').read_text().splitlines()]
    known = {Path(row['path']).name for row in rows}
    assert known and known <= set(first)
    (tmp_path / 'calls').unlink()
    assert check_decoding(videos, tmp_path / 'cache', 1, read) == {}
    assert calls(tmp_path) == [path.name for path in videos if path.name not in known]


def test_prints_how_many_were_checked(videos, tmp_path, capsys) -> None:
    """Missing files do not count."""
    check_decoding(videos[:3], tmp_path / 'cache', 1, read)
    videos[0].unlink()
    check_decoding(videos[:4], tmp_path / 'cache', 1, read)
    assert capsys.readouterr().out.startswith('2 of 4 videos were checked before')


def test_missing_and_repeated_files(videos, tmp_path) -> None:
    videos[0].unlink()
    found = check_decoding([*videos[:2], *videos[:2]], tmp_path / 'cache', 1, read)
    assert list(found) == [videos[0]] and 'No such file' in str(found[videos[0]].error)
    assert calls(tmp_path) == [videos[1].name]
