"""Readers of official files: results, and errors for unusable files."""

import pytest

from actionclip_mm.preparation.reading import find_file, read_csv, read_lines
from actionclip_mm.utils import read_json


def test_lines_keep_their_numbers(tmp_path) -> None:
    path = tmp_path / 'list.txt'
    path.write_bytes(b'\xef\xbb\xbfa 1\r\n\r\n  b c\x0b2 \n')
    assert read_lines(path) == [(1, 'a 1'), (3, 'b c\x0b2')]


def test_csv_rows(tmp_path) -> None:
    path = tmp_path / 'rows.csv'
    path.write_text('id,text\n1,"two\nlines, ""quoted"""\n\n2\n3,\u2028x\n')
    assert read_csv(path, ('id',)) == [
        (3, dict(id='1', text='two\nlines, "quoted"')),
        (5, None),
        (6, dict(id='3', text='\u2028x')),
    ]


@pytest.mark.parametrize(
    ('read', 'content', 'words'),
    [
        (lambda path: read_csv(path, ('id', 'label')), b'id,text\n', 'lacks the columns label'),
        (lambda path: read_csv(path, ('id',)), b'', 'lacks the columns id'),
        (lambda path: read_csv(path, ('id',)), b'id\n' + b'x' * 200000, 'Line 2 of .* as CSV'),
        (read_json, b'[1, ', 'is not valid JSON'),
        (read_lines, b'a\n\xff\xfe1', 'Line 2 of .*file.* is not UTF-8 text'),
    ],
)
def test_unusable_files(tmp_path, read, content, words) -> None:
    (tmp_path / 'file').write_bytes(content)
    with pytest.raises(ValueError, match=words):
        read(tmp_path / 'file')


def test_files_are_found_one_folder_below_and_never_guessed(tmp_path) -> None:
    (tmp_path / 'one').mkdir()
    with pytest.raises(FileNotFoundError, match='part of the archive.*--annotations'):
        find_file(tmp_path, 'a.txt', 'b.txt', source='the archive')
    for name in ('splits.ZIP', '20bn-something-something-v2-00'):
        (tmp_path / name).write_bytes(b'')
    words = 'unpack 20bn-something-something-v2-00, splits.ZIP first'
    with pytest.raises(FileNotFoundError, match=words):
        find_file(tmp_path, 'a.txt', 'b.txt', source='the archive')
    with pytest.raises(FileNotFoundError, match=words):
        find_file(tmp_path / 'labels', 'a.txt', source='the archive')
    (tmp_path / 'one' / 'b.txt').write_text('')
    assert find_file(tmp_path, 'a.txt', 'b.txt', source='') == tmp_path / 'one' / 'b.txt'
    (tmp_path / 'two').mkdir()
    (tmp_path / 'two' / 'b.txt').write_text('')
    with pytest.raises(ValueError, match='2 files'):
        find_file(tmp_path, 'a.txt', 'b.txt', source='')
    with pytest.raises(NotADirectoryError, match='--annotations'):
        find_file(tmp_path / 'splits.ZIP', 'a.txt', source='')
