"""Per-class numbers come from the scores of the videos, and agree with the whole."""

import numpy as np
import pytest

from actionclip_mm.evaluation import VideoScores, class_precision
from actionclip_mm.protocols.per_class import measure_classes


def test_accuracies_add_up_to_top1() -> None:
    rng = np.random.default_rng(0)
    scores = rng.random((50, 4)).astype(np.float32)
    labels = rng.integers(0, 3, 50)  # class 3 has no video
    found = VideoScores(
        tuple(map(str, range(50))), ('a', 'b', 'c', 'd'), scores, labels, np.zeros(50, bool)
    )
    measured = measure_classes(found)
    assert measured['metric'] == 'top-1 accuracy'
    rows = {row['name']: row for row in measured['classes']}
    assert rows['d'] == dict(name='d', videos=0, value=None)
    right = sum(row['videos'] * row['value'] for row in measured['classes'] if row['videos'])
    assert right == pytest.approx((scores.argmax(1) == labels).sum())


def test_average_precisions_are_those_of_charades() -> None:
    rng = np.random.default_rng(0)
    scores, truth = rng.random((20, 3)).astype(np.float32), rng.random((20, 3)) < 0.4
    truth[:, 2] = False
    failed = np.zeros(20, bool)
    failed[3] = True
    found = VideoScores(tuple(map(str, range(20))), ('a', 'b', 'c'), scores, truth, failed)
    measured = measure_classes(found)
    expected = class_precision(np.where(failed[:, None], -np.inf, scores), truth)
    values = [row['value'] for row in measured['classes']]
    assert values == [*map(float, expected.values[:2]), None]
    assert [row['videos'] for row in measured['classes']] == truth.sum(0).tolist()
