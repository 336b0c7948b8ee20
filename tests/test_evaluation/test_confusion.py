"""Accuracies and confusions of a test, by hand."""

import numpy as np
import pytest

from actionclip_mm.evaluation.confusion import (
    accuracies,
    choose_classes,
    class_accuracies,
    count_confusions,
    most_confused,
)

LABELS = np.array([0, 0, 0, 1, 1, 3])
SCORES = np.eye(4)[[0, 1, 1, 1, 0, 3]]  # class 2 has no video


def test_counts_and_accuracies() -> None:
    matrix = count_confusions(SCORES, LABELS)
    assert matrix.tolist() == [[1, 2, 0, 0], [1, 1, 0, 0], [0, 0, 0, 0], [0, 0, 0, 1]]
    values = class_accuracies(matrix)
    assert values[[0, 1, 3]] == pytest.approx([1 / 3, 1 / 2, 1]) and np.isnan(values[2])
    found = accuracies(SCORES, LABELS)
    assert found == pytest.approx({'top-1': 3 / 6, 'mean class': (1 / 3 + 1 / 2 + 1) / 3})


def test_top_5_counts_the_five_best() -> None:
    scores = np.tile(np.arange(8.0), (2, 1))
    assert accuracies(scores, np.array([3, 2]))['top-5'] == 0.5


def test_most_confused_pairs() -> None:
    pairs = most_confused(count_confusions(SCORES, LABELS))
    assert [tuple(pair) for pair in pairs] == [(0, 1, 2, 2 / 3), (1, 0, 1, 1 / 2)]


def test_all_classes_stay_where_they_are_few() -> None:
    assert choose_classes(np.eye(5, dtype=int), 5).tolist() == [0, 1, 2, 3, 4]


def test_of_many_classes_the_most_confused_stay_next_to_each_other() -> None:
    matrix = 10 * np.eye(100, dtype=int)
    for one, other in ((3, 77), (10, 90), (42, 50)):
        matrix[one, other] = 5
    matrix[5, 6] = 1  # less than the others
    chosen = choose_classes(matrix, 6).tolist()
    assert sorted(chosen) == [3, 10, 42, 50, 77, 90]
    for one, other in ((3, 77), (10, 90), (42, 50)):
        assert abs(chosen.index(one) - chosen.index(other)) == 1


def test_without_confusions_no_class_is_chosen() -> None:
    assert len(choose_classes(np.eye(100, dtype=int), 10)) == 0
