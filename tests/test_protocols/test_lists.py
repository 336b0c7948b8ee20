"""Annotation lists: refusals, restriction, hashes; draws depend on the set of videos alone."""

import random
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actionclip_mm.protocols.lists import (
    Entry,
    check_labels,
    draw_shots,
    hash_labels,
    hash_list,
    match_published,
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
        ('', 'is empty'),
        ('a.mp4 0\nb.mp4\n', 'has no label'),
        ('a.mp4 -1\n', 'has no label'),
        ('a.mp4 1 2\n', 'several labels'),
        ('a.mp4 0\nb.mp4 1\na.mp4 0\n', "repeats 'a.mp4' of line 1"),
    ],
)
def test_broken_lists(text: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=words) as error:
        read_entries(write(tmp_path, text))
    assert '\n' not in str(error.value)


def test_a_list_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match='List .* does not exist'):
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


def videos(num_classes: int, per_class: int) -> list[Entry]:
    return [
        Entry(f'{label}/v_{label}_{index}.avi', label)
        for label in range(num_classes)
        for index in range(per_class)
    ]


# Published sizes of the lists with K = 2, 4, 8, 16.
SIZES = {
    ('ucf101', 101, 90): (202, 404, 808, 1616),
    ('hmdb51', 51, 70): (102, 204, 408, 816),
    ('ssv2', 174, 40): (348, 696, 1392, 2784),
}


@pytest.mark.parametrize('layout', SIZES, ids=lambda layout: layout[0])
def test_published_sizes(layout: tuple) -> None:
    _, num_classes, per_class = layout
    names = [str(label) for label in range(num_classes)]
    for shots, size in zip((2, 4, 8, 16), SIZES[layout], strict=True):
        drawn = draw_shots(videos(num_classes, per_class), shots, 1, names)
        assert len(drawn) == len(set(drawn)) == size
        assert set(Counter(entry.label for entry in drawn).values()) == {shots}


@settings(deadline=None, max_examples=30)
@given(
    st.integers(1, 6), st.integers(1, 9), st.integers(0, 99), st.booleans(), st.randoms()
)  # fmt: skip
def test_a_draw_depends_on_the_set_alone(
    num_classes: int, shots: int, seed: int, nested: bool, shuffler: random.Random
) -> None:
    entries = videos(num_classes, 9)
    names = [str(label) for label in range(num_classes)]
    drawn = draw_shots(entries, shots, seed, names, nested)
    shuffled = list(entries)
    shuffler.shuffle(shuffled)
    random.seed(shots)
    np.random.seed(shots)
    assert draw_shots(shuffled, shots, seed, names, nested) == drawn
    assert set(drawn) <= set(entries)
    if nested and shots > 1:
        assert set(draw_shots(entries, shots - 1, seed, names, nested)) < set(drawn)


def test_seeds_and_numbers_of_shots_give_other_draws() -> None:
    entries, names = videos(20, 50), [str(label) for label in range(20)]
    draws = [draw_shots(entries, 8, seed, names) for seed in range(5)]
    assert len({hash_list(to_lines(draw)) for draw in draws}) == 5
    # independent: 2 of 50 are in 16 of 50 by chance only, 40 · 16/50 = 12.8 on average
    both = set(draw_shots(entries, 2, 1, names)) & set(draw_shots(entries, 16, 1, names))
    assert 4 < len(both) < 22


def test_a_known_draw() -> None:
    """The same on every machine and in every process: these names must not change."""
    drawn = draw_shots(videos(2, 10), 2, 7, ['a', 'b'])
    assert [entry.name for entry in drawn] == [
        '0/v_0_1.avi',
        '0/v_0_5.avi',
        '1/v_1_6.avi',
        '1/v_1_9.avi',
    ]


def test_classes_with_too_few_videos_are_listed() -> None:
    entries = [*videos(3, 4), Entry('x.avi', 3)]
    with pytest.raises(ValueError, match=r"2 of 5 classes .* than 4 .*\('d' 1, 'e' 0\)"):
        draw_shots(entries, 4, 0, ['a', 'b', 'c', 'd', 'e'])


@pytest.mark.parametrize(('shots', 'seed'), [(0, 1), (-1, 1), (1.5, 1), (1, -1)])
def test_bad_numbers(shots: float, seed: int) -> None:
    with pytest.raises(ValueError, match='must be an integer of at least'):
        draw_shots(videos(2, 3), shots, seed, ['a', 'b'])


def test_published_lists() -> None:
    """Other folders, another numbering of the classes, other endings: the same videos."""
    train = videos(3, 5)
    given = [Entry(f'old/v_{label}_{i}.mp4', 2 - label) for label in range(3) for i in (0, 3)]
    found = match_published(given, train, 2, 'f')
    assert found == [
        Entry(f'{label}/v_{label}_{i}.avi', label) for label in range(3) for i in (0, 3)
    ]


@pytest.mark.parametrize(
    ('given', 'words'),
    [
        ([Entry('v_9_9.avi', 0)], "1 of 1 videos in 'f' are not in the training list"),
        ([Entry('twin.avi', 0)], "match several (the first is 'twin.avi')"),
        ([Entry('v_0_0.avi', 0), Entry('v_1_0.avi', 0)], 'one to one'),
        ([Entry('v_0_0.avi', 0), Entry('v_0_1.avi', 1)], 'one to one'),
        ([Entry('v_0_0.avi', 0), Entry('0/v_0_0.avi', 0)], 'lists a video twice'),
        ([Entry('v_0_0.avi', 0), Entry('v_1_0.avi', 1)], "'f' has 0 videos of class 2 and 1 such"),
    ],
)
def test_published_lists_that_do_not_fit(given: list[Entry], words: str) -> None:
    train = [*videos(3, 5), Entry('0/twin.avi', 0), Entry('1/twin.avi', 1)]
    with pytest.raises(ValueError, match=re.escape(words)):
        match_published(given, train, 1, 'f')
