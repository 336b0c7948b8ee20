"""Readers of text, JSON and configs, and foreign errors turned into one sentence."""

from pathlib import Path

import pytest

from actionclip_mm.utils import explain, read_config, read_json, read_json_object, read_text


def test_text_without_byte_order_mark_and_with_unix_line_ends(tmp_path: Path) -> None:
    path = tmp_path / 'a.txt'
    path.write_bytes('\ufeffä\r\nb\rc\n'.encode())
    assert read_text(path) == 'ä\nb\nc\n'


@pytest.mark.parametrize('content', [b'a\nb\xff\n', b'a\nb\0\n'])
def test_other_bytes_are_refused_with_their_line(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / 'a.txt'
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r'Line 2 of .*a\.txt.* is not UTF-8 text'):
        read_text(path)


@pytest.mark.parametrize('content', ['{', '[' * 100_000, '1' * 5000, ''])
def test_what_is_not_json_is_refused(content: str, tmp_path: Path) -> None:
    path = tmp_path / 'a.json'
    path.write_text(content)
    with pytest.raises(ValueError, match=r'a\.json. is not valid JSON \(.*\): download it again\.'):
        read_json(path, 'download it again')


def test_an_object_is_wanted(tmp_path: Path) -> None:
    path = tmp_path / 'a.json'
    path.write_text('[1]')
    with pytest.raises(ValueError, match=r'must hold a JSON object: give a card\.'):
        read_json_object(path, 'a card')


def test_config(tmp_path: Path) -> None:
    path = tmp_path / 'a.py'
    path.write_text('x = 1')
    assert read_config(path).x == 1
    path.write_text('x = 1 / 0')
    with pytest.raises(ValueError, match=r'a\.py. cannot be read: ZeroDivisionError: division'):
        read_config(path)
    with pytest.raises(FileNotFoundError, match=r'none\.py. does not exist: give another\.'):
        read_config(tmp_path / 'none.py', 'give another')


def test_only_the_given_kinds_are_turned() -> None:
    said = r'^A is broken \(first\): fix it\.$'
    with pytest.raises(ValueError, match=said), explain('A is broken', 'fix it', OSError):
        raise OSError('first\nsecond')
    with pytest.raises(KeyError), explain('A is broken', 'fix it', OSError):
        raise KeyError
