"""Prediction: order of labels, failed videos."""

import pytest

from actionclip_mm.apis import Prediction

ANSWER = Prediction('a.mp4', ('x', 'y', 'z'), (0.2, 0.7, 0.1))


def test_top_is_sorted_and_never_too_long():
    assert ANSWER.top(2) == [('y', 0.7), ('x', 0.2)]
    assert ANSWER.top() == ANSWER.top(3) == ANSWER.top(9)
    assert sum(score for _, score in ANSWER.top()) == pytest.approx(1)


def test_k_must_be_positive():
    with pytest.raises(ValueError, match='k must be a positive integer, got 0'):
        ANSWER.top(0)


def test_a_failed_video_has_no_scores():
    assert Prediction('a.mp4', ('x', 'y'), error='a.mp4: broken').top(5) == []
