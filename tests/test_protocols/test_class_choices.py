"""Halves of classes: the published draw, the documented rule, published names."""

import numpy as np
import pytest

from actionclip_mm.protocols.annotations import Entry
from actionclip_mm.protocols.class_choices import (
    AllClasses,
    BaseClasses,
    NovelClasses,
    RandomHalf,
    find_base_classes,
)


@pytest.mark.parametrize('num_classes', [51, 101])
def test_random_halves_are_those_of_the_published_code(num_classes: int) -> None:
    for seed in range(10):
        np.random.seed(seed)
        published = sorted(np.random.permutation(num_classes)[: num_classes // 2])
        state = np.random.get_state()[1].copy()
        assert RandomHalf(seed).choose(num_classes, [], None) == published
        assert (np.random.get_state()[1] == state).all(), 'the global generator was touched'


def test_base_classes_are_the_most_frequent() -> None:
    train = [
        Entry(f'{label}{i}', label) for label, n in enumerate([2, 5, 2, 1, 2]) for i in range(n)
    ]
    assert BaseClasses().choose(5, train, None) == [0, 1, 2]  # ties: the smaller class id
    assert NovelClasses().choose(5, train, None) == [3, 4]
    assert BaseClasses().choose(5, train, [4, 3, 0]) == [0, 3, 4]
    assert NovelClasses().choose(5, train, [4, 3, 0]) == [1, 2]
    assert AllClasses().choose(5, train, None) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(('num_classes', 'base'), [(51, 26), (101, 51), (400, 200), (174, 87)])
def test_sizes_of_the_halves(num_classes: int, base: int) -> None:
    train = [Entry(str(label), label) for label in range(num_classes)]
    assert len(BaseClasses().choose(num_classes, train, None)) == base
    assert len(NovelClasses().choose(num_classes, train, None)) == num_classes - base


def test_published_names() -> None:
    names = ['ApplyEyeMakeup', 'brush_hair', 'Archery']
    assert find_base_classes(['brush hair', 'Apply Eye Makeup'], names, 'f') == [0, 1]
    for given, words in (
        (['brush hair', 'Bowling'], "1 of 2 base classes in f .* 'Bowling'"),
        (['brush hair'], 'half of 3 classes are 2'),
        (['brush hair', 'brush_hair'], 'names 1 different base classes in 2 rows'),
    ):
        with pytest.raises(ValueError, match=words):
            find_base_classes(given, names, 'f')
