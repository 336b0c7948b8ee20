"""Files are written whole or not at all, and errors name the path and the cause."""

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import pytest

from actionclip_mm.utils import (
    check_writable,
    to_json,
    write_bytes,
    write_figure,
    write_json,
    write_text,
)

LIMITED = """
import resource, sys
from actionclip_mm.utils import write_text
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    write_text(sys.argv[1], 'new' * 1000)
except OSError as error:
    sys.exit(str(error))
"""
BYTES_NAME = os.fsdecode(b'caf\xe9.mp4')  # Latin-1, which is not UTF-8


@pytest.fixture
def old(tmp_path: Path) -> Path:
    path = tmp_path / 'out.json'
    path.write_text('old')
    return path


def only(path: Path) -> bool:
    """Whether nothing else is in its folder."""
    return [file.name for file in path.parent.iterdir()] == [path.name]


def test_write_text_makes_folders_and_usual_permissions(tmp_path: Path) -> None:
    path = tmp_path / 'a' / 'b' / 'new.txt'
    write_text(path, 'é\r\n')
    assert path.read_bytes() == 'é\r\n'.encode()
    (tmp_path / 'plain').touch()
    assert path.stat().st_mode == (tmp_path / 'plain').stat().st_mode
    assert only(path)


def test_links_and_permissions_stay(old: Path, tmp_path: Path) -> None:
    old.chmod(0o640)
    (tmp_path / 'link').symlink_to(old)
    write_text(tmp_path / 'link', 'new')
    assert (tmp_path / 'link').is_symlink() and old.read_text() == 'new'
    assert old.stat().st_mode & 0o777 == 0o640


def test_devices_are_written_to() -> None:
    write_text('/dev/null', 'x')
    check_writable('/dev/null')
    assert not Path('/dev/null').is_file()


@pytest.mark.parametrize('step', ['fsync', 'replace'])
@pytest.mark.parametrize(
    ('code', 'advice'),
    [(errno.ENOSPC, 'free space'), (errno.EROFS, 'a disk that can be written')],
)
def test_a_failed_write_keeps_the_old_file(
    step: str, code: int, advice: str, old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, step, fail)
    with pytest.raises(OSError, match='was not written') as caught:
        write_text(old, 'new')
    said = str(caught.value)
    assert str(old) in said and os.strerror(code) in said and advice in said
    assert 'the old file is unchanged' in said and caught.value.errno == code
    assert old.read_text() == 'old' and only(old)


def test_an_interrupt_keeps_the_old_file(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*args: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, 'replace', interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_bytes(old, b'new')
    assert old.read_text() == 'old' and only(old)


def test_a_limit_on_file_sizes_keeps_the_old_file(old: Path) -> None:
    """A write that the system itself cuts short."""
    done = subprocess.run([sys.executable, '-c', LIMITED, old], capture_output=True, text=True)
    assert done.returncode == 1 and 'File too large' in done.stderr and str(old) in done.stderr
    assert old.read_text() == 'old' and only(old)


def test_a_name_that_is_too_long(tmp_path: Path) -> None:
    for call in (lambda path: write_text(path, 'x'), check_writable):
        with pytest.raises(OSError, match='File name too long; choose a shorter name') as caught:
            call(tmp_path / ('x' * 300))
        assert len(str(caught.value)) < 350
    write_text(tmp_path / ('x' * 255), 'x')


@pytest.mark.parametrize('path', ['file/out.json', 'folder'])
def test_check_writable_refuses(path: str, tmp_path: Path) -> None:
    (tmp_path / 'file').touch()
    (tmp_path / 'folder').mkdir()
    for call in (lambda path: write_text(path, 'x'), check_writable):
        with pytest.raises(OSError, match=f'{path}. was not written: '):
            call(tmp_path / path)
    assert sorted(file.name for file in tmp_path.rglob('*')) == ['file', 'folder']


def test_check_writable_leaves_nothing(old: Path, tmp_path: Path) -> None:
    check_writable(old)
    check_writable(tmp_path / 'new' / 'folder' / 'x.json')
    assert old.read_text() == 'old' and only(old)


@pytest.mark.skipif(os.geteuid() == 0, reason='root may write everywhere')
def test_write_protection_holds(old: Path) -> None:
    old.chmod(0o444)
    with pytest.raises(PermissionError, match='write-protected'):
        write_text(old, 'new')


def test_json_of_names_that_are_not_utf8(old: Path) -> None:
    write_json(old, dict(video=BYTES_NAME, label='翻煎饼'))
    text = old.read_text(encoding='utf-8')
    assert '翻煎饼' in text
    assert os.fsencode(json.loads(text)['video']) == b'caf\xe9.mp4'


def test_lists_refuse_names_that_are_not_utf8(old: Path) -> None:
    with pytest.raises(ValueError, match=r'not UTF-8 \(caf\\udce9.mp4 3\): rename it'):
        write_text(old, f'a.mp4 1\n{BYTES_NAME} 3\nb.mp4 2\n')
    assert old.read_text() == 'old'
    write_text(old, BYTES_NAME, errors='backslashreplace')
    assert old.read_text() == r'caf\udce9.mp4'


@pytest.mark.parametrize('number', [float('nan'), float('inf')])
def test_json_has_no_nan(number: float, old: Path) -> None:
    with pytest.raises(ValueError, match='not JSON compliant'):
        to_json([number])
    with pytest.raises(ValueError, match='not JSON compliant'):
        write_json(old, dict(loss=number))
    assert old.read_text() == 'old'


def test_a_figure_is_written_whole(old: Path) -> None:
    figure = plt.figure(figsize=(1, 1))
    path = old.with_suffix('.png')
    write_figure(path, figure)
    assert path.read_bytes().startswith(b'\x89PNG')
    plt.close(figure)
