"""Lists are read back as written, and errors name the line."""

import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from actionclip_mm.utils import annotation_lists
from actionclip_mm.utils.annotation_lists import (
    NO_LABEL,
    check_inside,
    format_line,
    many_labels_each,
    one_label_each,
    read_lines,
)

PATHS = st.text(min_size=1).filter(lambda path: '\n' not in path and '\0' not in path)
IN_A_LIST = settings(
    deadline=None, max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def write(folder: Path, text: str | bytes) -> str:
    path = folder / 'list.txt'
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return str(path)


def read(folder: Path, text: str | bytes, **kwargs: object) -> list[tuple[str, list[int]]]:
    return [(line.path, line.numbers) for line in read_lines(write(folder, text), **kwargs)]


@IN_A_LIST
@given(st.lists(st.tuples(PATHS, st.lists(st.integers(NO_LABEL, 10**6))), min_size=1))
@example([('clip 7', [3]), ('12', []), ('"a" 3', [4]), (' \t', [1]), ('\ufeffa', []), ('a\r', [])])
def test_written_lines_are_read_back(tmp_path: Path, entries: list[tuple[str, list[int]]]) -> None:
    text = '\n'.join(format_line(path, *numbers) for path, numbers in entries)
    assert read(tmp_path, text) == entries


@IN_A_LIST
@given(PATHS, st.integers(NO_LABEL, 400))
@example('a.mp4 3', 1)
@example('take 2', NO_LABEL)
def test_one_label_is_read(tmp_path: Path, path: str, label: int) -> None:
    (line,) = read_lines(write(tmp_path, format_line(path, label)), most=1)
    assert (line.path, one_label_each([line], [line.numbers])) == (path, [label])


@IN_A_LIST
@given(st.binary())
def test_any_bytes_are_read_or_refused(tmp_path: Path, content: bytes) -> None:
    try:
        lines = read_lines(write(tmp_path, content))
    except ValueError as error:
        assert 'list.txt' in str(error)
        assert '\n' not in str(error)
    else:
        rows = re.split('\r\n|\r|\n', content.decode('utf-8-sig'))
        assert [int(line.place.split()[1]) for line in lines] == [
            number for number, row in enumerate(rows, start=1) if row.strip(' \t\r')
        ]


def test_the_formats_of_the_host(tmp_path: Path) -> None:
    text = 'some/path/0.mp4 1\n\n  b.mp4\t 12  \r\n# 1 2.mp4 003\n'
    assert read(tmp_path, text) == [
        ('some/path/0.mp4', [1]),
        ('b.mp4', [12]),
        ('# 1 2.mp4', [3]),
    ]
    assert read(tmp_path, 'a b.mp4, 3,4\nc,5', delimiter=',') == [('a b.mp4', [3, 4]), ('c', [5])]
    assert read(tmp_path, 'a b, 3 c, 5', delimiter=', ') == [('a b, 3 c', [5])]
    assert read(tmp_path, '﻿a.mp4 3'.encode()) == [('a.mp4', [3])]


def test_numbers_that_belong_to_the_path(tmp_path: Path) -> None:
    assert read(tmp_path, 'clip 7 3', most=1) == [('clip 7', [3])]
    assert read(tmp_path, '"clip 7" 3 4') == [('clip 7', [3, 4])]
    assert read(tmp_path, '"clip 7"') == [('clip 7', [])]
    assert read(tmp_path, 'clip 7 -1', most=1) == [('clip 7', [NO_LABEL])]
    assert read(tmp_path, '12') == [('12', [])]
    assert read(tmp_path, '"so called" video 3') == [('"so called" video', [3])]
    assert read(tmp_path, '"clip" 3 0.5', most=0) == [('"clip" 3 0.5', [])]
    assert read(tmp_path, '"open 3') == [('"open', [3])]
    assert read(tmp_path, 'a٣ ٣') == [('a٣ ٣', [])]  # a digit, but not of a label
    assert read(tmp_path, 'b.mp4 1.0') == [('b.mp4 1.0', [])]


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        (b'', 'is empty'),
        (b' \n\r\n\xef\xbb\xbf', None),
        (b'a.mp4 0\nb\xe9.mp4 1\n', 'Line 2 of .*list.txt.*0xe9.*save it as UTF-8'),
        ('a.mp4 0\n'.encode('utf-16'), 'Line 1 of .*not UTF-8'),
        (b'a.mp4 0\n\nb\0.mp4 1', 'Line 3 of .*zero byte'),
        (b'a.mp4 0\n"" 3', 'Line 2 of .*no path'),
    ],
)
def test_refuses_other_files(tmp_path: Path, content: bytes, message: str | None) -> None:
    if message is None:  # a byte order mark in the middle of a file is a character
        assert read(tmp_path, content) == [('﻿', [])]
        return
    with pytest.raises(ValueError, match=message):
        read(tmp_path, content)


def test_a_missing_list_is_named(tmp_path: Path) -> None:
    for path in (tmp_path / 'nowhere.txt', tmp_path):
        with pytest.raises(FileNotFoundError, match=f"List '{path}' does not exist: set ann_file"):
            read_lines(str(path))


@pytest.mark.parametrize('path', ['', 'a\nb', 'a\0'])
def test_paths_that_cannot_be_listed(path: str) -> None:
    with pytest.raises(ValueError, match='cannot be written to a list'):
        format_line(path, 3)


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('a.mp4 1\nb.mp4 2 3\n', 'Line 2 .*several labels .*multi_class=True'),
        ('a.mp4 1\n\nb.mp4 three\n', 'Line 3 .*has no label .*b.mp4 three.* -1'),
        ('b.mp4\na.mp4 1\n', 'Line 1 .*has no label'),
        ('b.mp4 -2\n', 'Line 1 .*label -2'),
    ],
)
def test_one_label_each_refuses(tmp_path: Path, text: str, message: str) -> None:
    lines = read_lines(write(tmp_path, text), most=1)
    with pytest.raises(ValueError, match=message):
        one_label_each(lines, [line.numbers for line in lines])


def test_lists_without_labels(tmp_path: Path) -> None:
    lines = read_lines(write(tmp_path, 'my video.mp4\nb.mp4\n'), most=1)
    assert one_label_each(lines, [line.numbers for line in lines]) == [NO_LABEL, NO_LABEL]
    lines = read_lines(write(tmp_path, 'a.mp4 -1\nb.mp4 3\n'), most=1)
    assert one_label_each(lines, [line.numbers for line in lines]) == [NO_LABEL, 3]


def test_many_labels_each(tmp_path: Path) -> None:
    lines = read_lines(write(tmp_path, 'my a.mp4 3 1 3\nb.mp4\nc.mp4 -1\n'))
    labels = [line.numbers for line in lines]
    assert many_labels_each(lines, labels, 4) == [[3, 1], [], []]
    with pytest.raises(ValueError, match='Line 1 of .*label 3 but num_classes=3'):
        many_labels_each(lines, labels, 3)
    with pytest.raises(ValueError, match='Line 3 of .*label -1'):
        many_labels_each(lines, [[], [], [-1, 2]], 3)


@pytest.mark.parametrize('path', ['a.mp4', 'b/../a.mp4', 'a..b.mp4', '/data/videos/a.mp4', 'x y'])
def test_paths_inside_of_the_folder(path: str) -> None:
    assert check_inside('Line 1', path, '/data/videos') is None  # or it would raise
    assert check_inside('Line 1', path.removeprefix('/data/videos/'), '') is None


@pytest.mark.parametrize(
    'path',
    ['../a.mp4', 'b/../../a.mp4', '/etc/passwd', '/data/videos_2/a.mp4', '/data/videos/../a'],
)
def test_paths_out_of_the_folder(path: str) -> None:
    for folder in ('/data/videos', '/data/videos/'):
        with pytest.raises(ValueError, match='Line 4 names .*outside .*allow_outside=True'):
            check_inside('Line 4', path, folder)


@IN_A_LIST
@given(st.lists(st.sampled_from(['..', '.', 'a', '', '/', 'videos']), min_size=1))
def test_an_accepted_path_is_inside(parts: list[str]) -> None:
    path = '/'.join(parts)
    inside = Path('/data/videos') in [(p := Path(_resolved('/data/videos', path))), *p.parents]
    try:
        check_inside('Line 1', path, '/data/videos')
    except ValueError:
        assert not inside
    else:
        assert inside


def _resolved(folder: str, path: str) -> str:
    """Walks the parts of a path, as the file system does."""
    at: list[str] = [] if path.startswith('/') else folder.strip('/').split('/')
    for part in path.split('/'):
        if part == '..':
            at = at[:-1]
        elif part not in ('', '.'):
            at = [*at, part]
    return '/' + '/'.join(at)


@pytest.mark.parametrize('end', ['\n', '\r\n', '\r'])
def test_any_line_ends(tmp_path: Path, end: str) -> None:
    assert read(tmp_path, end.join(['a.mp4 0', 'b c.mp4 1', ''])) == [
        ('a.mp4', [0]), ('b c.mp4', [1])
    ]  # fmt: skip


def test_commas_between_labels(tmp_path: Path) -> None:
    assert read(tmp_path, 'a.mp4 0,3\nb.mp4 2') == [('a.mp4', [0, 3]), ('b.mp4', [2])]
    assert read(tmp_path, 'frames 30 0,3,1', most=None) == [('frames', [30, 0, 3, 1])]
    lines = read_lines(write(tmp_path, 'frames 30 0,3'), most=2)
    with pytest.raises(ValueError, match=r"several labels \('frames', \[0, 3\]\).*multi_class"):
        one_label_each(lines, [line.numbers[1:] for line in lines])


@pytest.mark.parametrize(
    'text', ['a.mp4,3', 'a.mp4,0,3', 'my a.mp4 0;3', 'a.MP4 0|3', 'a.webm cat', 'a.avi\t1.5']
)
@pytest.mark.parametrize('several', [False, True])
def test_labels_in_another_format_are_not_a_part_of_the_path(
    tmp_path: Path, text: str, several: bool
) -> None:
    """The run said that the label was -1, or that there was no such file."""
    lines = read_lines(write(tmp_path, f'{text}\n{text}'), most=None if several else 1)
    with pytest.raises(ValueError, match='Line 1 .*no readable label: write .* or set delimiter'):
        if several:
            many_labels_each(lines, [line.numbers for line in lines], 4)
        else:
            one_label_each(lines, [line.numbers for line in lines])


def test_a_comma_and_a_space(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="Line 1 .*comma after 'a.mp4'.*delimiter=','"):
        read_lines(write(tmp_path, 'a.mp4, 3'))
    assert read(tmp_path, 'a.mp4, 3', delimiter=',') == [('a.mp4', [3])]


def test_paths_with_the_name_of_another_video(tmp_path: Path) -> None:
    lines = read_lines(write(tmp_path, 'a.mp4 (copy).mp4\nb.avi, again.mp4'))
    assert one_label_each(lines, [line.numbers for line in lines]) == [NO_LABEL] * 2


@IN_A_LIST
@pytest.mark.parametrize('most', [None, 1, 2])
@given(st.lists(st.text('ab0.-,;|"\t :', min_size=1).map('x{}'.format)), st.integers(-1, 10**9))
def test_plain_lines_are_read_as_all_others(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, most: int, paths: list[str], number: int
) -> None:
    text = '\n'.join(f'{path} {number}' for path in [*paths, 'y'])

    def outcome() -> object:
        try:
            lines = read_lines(write(tmp_path, text), most=most)
            one_label_each(lines, [line.numbers for line in lines])
            return [line._replace(plain=False) for line in lines]
        except ValueError as error:
            return str(error)

    found = outcome()
    with monkeypatch.context() as slow:
        slow.setattr(annotation_lists, 'PLAIN', re.compile('(?!)'))
        assert outcome() == found
