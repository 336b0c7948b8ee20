"""Average precision by each definition: against scikit-learn, by hand, and its laws."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mmaction.evaluation import mean_average_precision
from sklearn.metrics import average_precision_score

from actionclip_mm.evaluation import DEFINITIONS, class_precision

TIES_AT_ONCE = [name for name in DEFINITIONS if name != 'torchnet']


def draw(num_videos=60, num_classes=7, steps=None, seed=0):
    """Scores and labels; every video has one, every class two; ``steps`` makes ties."""
    rng = np.random.default_rng(seed)
    scores = rng.normal(size=(num_videos, num_classes))
    if steps:
        scores = np.round(scores * steps) / steps
    truth = rng.random((num_videos, num_classes)) < 0.2
    truth[range(num_videos), np.arange(num_videos) % num_classes] = True
    return scores, truth


@pytest.mark.parametrize('definition', TIES_AT_ONCE)
@pytest.mark.parametrize('steps', [None, 2], ids=['random', 'tied'])
def test_equals_scikit_learn(definition, steps):
    scores, truth = draw(steps=steps)
    found = class_precision(scores, truth, definition)
    expected = average_precision_score(truth, scores, average=None)
    np.testing.assert_allclose(found.values, expected, rtol=1e-12)
    assert found.mean == pytest.approx(average_precision_score(truth, scores, average='macro'))
    by_frequency = average_precision_score(truth, scores, average='weighted')
    assert found.weighted == pytest.approx(by_frequency)


@pytest.mark.parametrize('definition', DEFINITIONS)
def test_all_definitions_agree_where_nothing_is_special(definition):
    scores, truth = draw()
    assert class_precision(scores, truth, definition).mean == pytest.approx(
        mean_average_precision(list(scores), list(truth.astype(int)))
    )


def test_hand_worked_without_ties():
    """Positives at places 1 and 3: (1/1 + 2/3) / 2."""
    scores = np.array([[0.9], [0.8], [0.7], [0.6]])
    truth = np.array([[1], [0], [1], [0]])
    for definition in ('slowfast', 'mmaction2', 'torchnet'):
        assert class_precision(scores, truth, definition).mean == pytest.approx(5 / 6)


@pytest.mark.parametrize(
    ('definition', 'expected'),
    [
        # the two tied videos enter at once: precision 2/3 for the one positive among them
        ('slowfast', (1 / 1 + 2 / 3) / 2),
        ('mmaction2', (1 / 1 + 2 / 3) / 2),
        # they enter in the order of the list: the positive is the third video
        ('torchnet', (1 / 1 + 2 / 3) / 2),
    ],
)
def test_hand_worked_tie_with_the_positive_behind(definition, expected):
    scores, truth = np.array([[0.9], [0.5], [0.5], [0.1]]), np.array([[1], [0], [1], [0]])
    assert class_precision(scores, truth, definition).mean == pytest.approx(expected)


@pytest.mark.parametrize(
    ('definition', 'expected'), [('slowfast', (1 + 2 / 3) / 2), ('torchnet', (1 + 2 / 2) / 2)]
)
def test_hand_worked_tie_with_the_positive_in_front(definition, expected):
    scores, truth = np.array([[0.9], [0.5], [0.5], [0.1]]), np.array([[1], [1], [0], [0]])
    assert class_precision(scores, truth, definition).mean == pytest.approx(expected)


def test_hand_worked_tie_of_the_benchmark():
    """Tied videos enter at once, and the unlabelled one, though it scores best, comes last."""
    scores = np.array([[0.9, 0.4], [0.5, 0.8], [0.5, 0.9], [0.99, 0.99], [0.1, 0.0]])
    truth = np.array([[1, 0], [0, 1], [1, 0], [0, 0], [1, 0]])
    found = class_precision(scores, truth)
    np.testing.assert_allclose(found.values, [(1 + 2 / 3 + 3 / 4) / 3, 1 / 2])
    assert found.mean == pytest.approx((29 / 36 + 1 / 2) / 2)
    assert found.weighted == pytest.approx((3 * 29 / 36 + 1 / 2) / 4)


def test_ties_at_once_may_score_above_every_order():
    """Two tied positives behind a negative: both count with 2/3, in turn with 1/2 and 2/3."""
    scores, truth = np.array([[0.9], [0.5], [0.5]]), np.array([[0], [1], [1]])
    assert class_precision(scores, truth, 'slowfast').mean == pytest.approx(2 / 3)
    assert class_precision(scores, truth, 'torchnet').mean == pytest.approx((1 / 2 + 2 / 3) / 2)


def test_all_scores_equal_is_the_share_of_positives():
    _, truth = draw()
    found = class_precision(np.zeros(truth.shape), truth)
    np.testing.assert_allclose(found.values, truth.mean(axis=0))


@pytest.mark.parametrize(
    ('definition', 'ap', 'videos', 'unlabelled'),
    [
        ('charades', 1.0, 3, 1),  # the unlabelled one is last, though it scores best
        ('slowfast', (1 / 2 + 2 / 3) / 2, 3, 1),
        ('mmaction2', (1 / 2 + 2 / 3) / 2, 3, 1),
        ('sklearn_macro', (1 / 2 + 2 / 3) / 2, 3, 1),
        ('torchnet', (1 / 2 + 2 / 3) / 2, 3, 1),
        ('maxi', 1.0, 2, 0),
    ],
)
def test_videos_without_a_label(definition, ap, videos, unlabelled):
    scores, truth = np.array([[0.9], [0.8], [0.7]]), np.array([[0], [1], [1]])
    found = class_precision(scores, truth, definition)
    assert found.mean == pytest.approx(ap)
    assert (found.num_videos, found.num_unlabelled) == (videos, unlabelled)


@pytest.mark.parametrize(
    ('definition', 'mean', 'classes'),
    [
        ('charades', 1.0, 1),
        ('slowfast', 1.0, 1),
        ('mmaction2', 1.0, 1),
        ('sklearn_macro', 0.5, 2),
        ('maxi', 0.5, 2),
        ('torchnet', 0.5, 2),
    ],
)
def test_classes_without_a_video(definition, mean, classes):
    scores, truth = np.array([[0.9, 0.1], [0.8, 0.2]]), np.array([[1, 0], [0, 0]])
    found = class_precision(scores, truth, definition)
    assert found.mean == pytest.approx(mean)
    assert found.num_classes == classes
    assert found.weighted == pytest.approx(1.0)  # a class without a video has no weight
    assert found.positives.tolist() == [1, 0]


@pytest.mark.parametrize('definition', DEFINITIONS)
def test_infinite_scores_have_a_rank(definition):
    """Two of minus infinity are a tie: they enter last and at once."""
    truth = np.array([[1], [1], [1], [1]])
    truth[1] = 0
    truth = np.concatenate([truth, 1 - truth], axis=1)  # every video has a label
    scores = np.array([[0.3], [0.2], [-np.inf], [-np.inf]]) * [1, -1]
    found = class_precision(scores, truth, definition)
    assert found.values[0] == pytest.approx((1 + 2 / 3 + 3 / 4) / 3 if definition == 'torchnet'
                                            else (1 + 3 / 4 + 3 / 4) / 3)  # fmt: skip
    assert found.values[1] == pytest.approx(1 / 3)


def test_a_mean_over_parts_is_another_number():
    """Why all videos are ranked at once: the mean of the mAPs of batches is too high."""
    scores, truth = draw(num_videos=400, num_classes=20)
    scores += truth  # a model that knows something
    parts = [class_precision(scores[i : i + 40], truth[i : i + 40]).mean for i in range(0, 400, 40)]
    assert np.mean(parts) > class_precision(scores, truth).mean + 0.02


@pytest.mark.parametrize(
    ('scores', 'truth', 'definition', 'message'),
    [
        (
            np.zeros((2, 3)),
            np.ones((2, 3)),
            'coco',
            "definition must be one of .*'torchnet', got 'coco'",
        ),
        (np.zeros((2, 3)), np.ones((3, 2)), 'charades', r'\(2, 3\) and labels \(3, 2\)'),
        (np.array([[0.0], [np.nan]]), np.ones((2, 1)), 'charades', 'video 1 of 2 are NaN'),
        (np.zeros((2, 3)), np.zeros((2, 3)), 'charades', 'None of 2 videos has a label'),
    ],
)
def test_refuses(scores, truth, definition, message):
    with pytest.raises(ValueError, match=message) as error:
        class_precision(scores, truth, definition)
    assert '\n' not in str(error.value)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from(TIES_AT_ONCE), st.sampled_from([None, 1]))
def test_laws(seed, definition, steps):
    """Neither the order of the list nor a rising function of the scores changes anything."""
    scores, truth = draw(30, 5, steps, seed)
    truth[:5] = False
    truth[:, 0] = False
    expected = class_precision(scores, truth, definition)
    order = np.random.default_rng(seed).permutation(len(scores))
    moved = class_precision(np.exp(2 * scores[order]), truth[order], definition)
    np.testing.assert_allclose(moved.values, expected.values)
    assert np.nanmin(expected.values) >= 0 and np.nanmax(expected.values) <= 1
