"""Halves of classes: the published draw, the documented rule, published names."""

import numpy as np
import pytest

from actionclip_mm.benchmarks import get_benchmark
from actionclip_mm.benchmarks.identity import hash_names
from actionclip_mm.protocols.classes import (
    RULE,
    AllClasses,
    BaseClasses,
    GivenClasses,
    NovelClasses,
    RandomHalf,
    find_base_classes,
)


def names_of(count: int) -> list[str]:
    return [f'class {index}' for index in range(count)]


@pytest.mark.parametrize('num_classes', [51, 101])
def test_random_halves_are_those_of_the_published_code(num_classes: int) -> None:
    for seed in range(10):
        np.random.seed(seed)
        published = sorted(np.random.permutation(num_classes)[: num_classes // 2])
        state = np.random.get_state()[1].copy()
        assert RandomHalf(seed).choose(names_of(num_classes), list, None).ids == published
        assert (np.random.get_state()[1] == state).all(), 'the global generator was touched'


def test_base_classes_are_the_most_frequent() -> None:
    counts = [2, 5, 2, 1, 2]
    train = [label for label, n in enumerate(counts) for _ in range(n)]
    names, given = names_of(5), GivenClasses([4, 3, 0], 'base.txt')
    base = BaseClasses().choose(names, lambda: train, None)
    assert base.ids == [1, 2, 4]  # ties: the larger class id
    assert base.rule == f'base: {RULE}'
    assert NovelClasses().choose(names, lambda: train, None).ids == [0, 3]
    assert BaseClasses().choose(names, list, given).ids == [0, 3, 4]
    novel = NovelClasses().choose(names, list, given)
    assert novel.ids == [1, 2]
    assert novel.rule == 'novel: all but the base classes of the given list base.txt'
    assert AllClasses().choose(names, list, None).ids == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(('num_classes', 'base'), [(51, 26), (101, 51), (400, 200), (174, 87)])
def test_sizes_of_the_halves(num_classes: int, base: int) -> None:
    names = names_of(num_classes)
    assert len(BaseClasses().choose(names, lambda: range(num_classes), None).ids) == base
    novel = NovelClasses().choose(names, lambda: range(num_classes), None)
    assert len(novel.ids) == num_classes - base


@pytest.mark.parametrize('dataset', ['kinetics400', 'ucf101', 'hmdb51', 'ssv2'])
def test_names_decide_where_classes_are_published(dataset: str) -> None:
    """Whatever is on this disk: copies of Kinetics-400 lack other videos."""
    benchmark = get_benchmark(dataset)
    published, novel = benchmark.base_classes, benchmark.novel_classes
    names = sorted(name.replace(' ', '_') for name in (*published, *novel))
    # the rule would give others
    base = BaseClasses(published, novel).choose(names, lambda: range(10), None)
    assert hash_names(names[index] for index in base.ids) == hash_names(published)
    assert base.rule == 'base: the published list'
    others = BaseClasses(published, novel).choose([*names[1:], 'x'], lambda: range(10), None)
    assert 'not those of the published list' in others.rule and RULE in others.rule


def test_published_names() -> None:
    names = ['ApplyEyeMakeup', 'brush_hair', 'Archery']
    assert find_base_classes(['brush hair', 'Apply Eye Makeup'], names, 'f') == [0, 1]
    for given, words in (
        (['brush hair', 'Bowling'], "1 of 2 base classes in f .* 'Bowling'"),
        (['brush hair'], 'half of 3 classes is 2'),
        (['brush hair', 'brush_hair'], 'names 1 different base classes in 2 rows'),
    ):
        with pytest.raises(ValueError, match=words):
            find_base_classes(given, names, 'f')
