"""Lists: what is refused, what restricting and hashing do."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actionclip_mm.protocols.annotations import (
    Entry,
    check_labels,
    hash_labels,
    hash_list,
    read_entries,
    restrict,
    to_lines,
    write_lines,
)


def write(path: Path, text: str) -> Path:
    (path / 'list.txt').write_text(text)
    return path / 'list.txt'


def test_paths_with_spaces_and_folders_of_frames(tmp_path: Path) -> None:
    path = write(tmp_path, 'a b/c.mp4 3\n\nd.mp4 0\n')
    assert read_entries(path) == [Entry('a b/c.mp4', 3), Entry('d.mp4', 0)]
    path = write(tmp_path, 'a b 17 3\n')
    assert read_entries(path, rawframes=True) == [Entry('a b', 3, (17,))]


@pytest.mark.parametrize(
    ('text', 'words'),
    [
        ('', 'holds no line'),
        ('a.mp4 0\nb.mp4\n', 'has no label'),
        ('a.mp4 -1\n', 'has no label'),
        ('a.mp4 1 2\n', 'several labels'),
        ('a.mp4 0\nb.mp4 1\na.mp4 0\n', "names 'a.mp4', as line 1 does"),
    ],
)
def test_broken_lists(text: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=words) as error:
        read_entries(write(tmp_path, text))
    assert '\n' not in str(error.value)


def test_a_list_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match='There is no list'):
        read_entries(tmp_path / 'none.txt')


NAMES = st.text(st.characters(codec='utf-8', exclude_characters='\n\0'), min_size=1, max_size=9)


@settings(deadline=None)
@given(st.lists(st.tuples(NAMES, st.integers(0, 9)), min_size=1, unique_by=lambda e: e[0]))
def test_what_is_written_is_read(tmp_path_factory: pytest.TempPathFactory, pairs: list) -> None:
    entries = [Entry(f'{name}.mp4', label) for name, label in pairs]
    path = write_lines(to_lines(entries), tmp_path_factory.mktemp('list') / 'list.txt')
    assert read_entries(path) == entries


def test_restricting_numbers_the_classes_anew() -> None:
    entries = [Entry('a', 4), Entry('b', 1), Entry('c', 2), Entry('d', 4)]
    assert restrict(entries, [4, 1]) == [Entry('a', 1), Entry('b', 0), Entry('d', 1)]
    assert restrict(entries, range(5)) == entries


def test_labels_without_a_name() -> None:
    assert check_labels([Entry('a', 1)], 2, 'x') is None
    with pytest.raises(ValueError, match="'a' of x has label 2 but there are 2 class names"):
        check_labels([Entry('a', 2)], 2, 'x')


def test_hashes() -> None:
    """Lists are sets, label lists are sequences."""
    assert hash_list(['a 0', 'b 1']) == hash_list(['b 1', 'a 0']) != hash_list(['a 1', 'b 0'])
    assert hash_labels(['a', 'b']) != hash_labels(['b', 'a'])
