"""mmaction2's metrics, as a run computes them, against scikit-learn and counting by hand."""

import warnings

import numpy as np
import pytest
import torch
from mmaction.evaluation import AccMetric, ConfusionMatrix
from mmaction.evaluation.functional import accuracy
from mmaction.models.heads import base
from mmaction.registry import MODELS
from mmaction.structures import ActionDataSample
from sklearn.metrics import average_precision_score, confusion_matrix, recall_score

from actionclip_mm.compat import metrics
from actionclip_mm.compat.replace import is_ours

SHAPES = [(1, 1), (1, 5), (20, 2), (30, 7), (60, 60), (40, 400)]


def draw(shape: tuple[int, int], ties: bool) -> tuple[np.ndarray, np.ndarray]:
    """Scores and labels; most classes of the larger shapes have no video."""
    rng = np.random.default_rng(shape[1])
    scores = rng.normal(size=shape).astype(np.float32)
    if ties:
        scores = rng.integers(0, 3, shape).astype(np.float32)
    return scores, rng.integers(0, max(1, shape[1] // 2), shape[0])


def sample_of(score: np.ndarray, label: np.ndarray) -> ActionDataSample:
    label = label.tolist()  # an id or a multi-hot vector
    return ActionDataSample().set_gt_label(label).set_pred_score(torch.from_numpy(score))


def evaluate(scores: np.ndarray, labels: np.ndarray, **options: object) -> dict:
    metric = AccMetric(**options)
    samples = [
        sample_of(score, label).to_dict() for score, label in zip(scores, labels, strict=True)
    ]
    metric.process(None, samples)
    return metric.evaluate(len(samples))


@pytest.mark.parametrize('ties', [False, True])
@pytest.mark.parametrize('shape', SHAPES)
def test_accuracies(shape: tuple[int, int], ties: bool) -> None:
    scores, labels = draw(shape, ties)
    found = evaluate(scores, labels, metric_options=dict(top_k_accuracy=dict(topk=(1, 3, 5, 1000))))
    for k in (1, 3, 5, 1000):
        better = [
            sum(s > row[y] or (s == row[y] and c < y) for c, s in enumerate(row))
            for row, y in zip(scores, labels, strict=True)
        ]
        assert found[f'acc/top{k}'] == pytest.approx(np.mean([count < k for count in better]))
    answers = scores.argmax(axis=1)
    assert found['acc/top1'] == pytest.approx(np.mean(answers == labels))
    expected = recall_score(
        labels, answers, labels=np.unique(labels), average='macro', zero_division=0
    )
    assert found['acc/mean1'] == pytest.approx(expected)


@pytest.mark.parametrize('ties', [False, True])
@pytest.mark.parametrize('shape', SHAPES)
def test_the_confusion_matrix(shape: tuple[int, int], ties: bool) -> None:
    scores, labels = draw(shape, ties)
    metric = ConfusionMatrix()
    for score, label in zip(scores, labels, strict=True):
        metric.process(None, [sample_of(score, label).to_dict()])
    found = metric.evaluate(len(scores))['confusion_matrix/result'].numpy()
    expected = confusion_matrix(labels, scores.argmax(axis=1), labels=range(shape[1]))
    np.testing.assert_array_equal(found, expected)
    assert np.trace(found) / found.sum() == pytest.approx(evaluate(scores, labels)['acc/top1'])


@pytest.mark.parametrize('ties', [False, True])
@pytest.mark.parametrize('shape', [shape for shape in SHAPES if shape[1] > 1])
def test_average_precisions_of_several_labels(shape: tuple[int, int], ties: bool) -> None:
    """With classes that have no video and videos that have no label."""
    scores, _ = draw(shape, ties)
    truth = (np.random.default_rng(1).random(shape) < 0.3).astype(np.float32)
    truth[0, 0] = 1
    truth[1:2] = 0
    truth[:, 1] = 0
    names = ('mean_average_precision', 'mmit_mean_average_precision')
    found = evaluate(scores, truth, metric_list=names)
    classes, videos = truth.any(axis=0), truth.any(axis=1)
    expected = average_precision_score(truth[:, classes], scores[:, classes], average='macro')
    assert found[f'acc/{names[0]}'] == pytest.approx(expected)
    rows = [
        average_precision_score(t, s) for t, s in zip(truth[videos], scores[videos], strict=True)
    ]
    assert found[f'acc/{names[1]}'] == pytest.approx(np.mean(rows))


def test_ten_clips_of_three_crops() -> None:
    """The mean over 30 views, then the metrics: as if the means had been given."""
    scores = torch.randn(6, 30, 5)
    labels = torch.tensor([0, 1, 2, 3, 4, 0])
    head = MODELS.build(dict(type='I3DHead', num_classes=5, in_channels=4, average_clips='prob'))
    samples = [ActionDataSample().set_gt_label(int(label)) for label in labels]
    pooled = head.predict_by_feat(scores.flatten(0, 1), samples)
    means = np.stack([sample.pred_score.numpy() for sample in pooled])
    np.testing.assert_allclose(means, scores.softmax(-1).mean(1).numpy(), rtol=1e-5)
    found = evaluate(means, labels.numpy())
    assert found['acc/top1'] == pytest.approx(np.mean(means.argmax(1) == labels.numpy()))


def test_videos_without_a_label_have_no_recall() -> None:
    scores = np.eye(4)[[0, 1, 2, 3]]
    assert metrics.mean_class_accuracy(scores, [0, -1, 1, -1]) == 0.5
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        assert np.isnan(metrics.mean_class_accuracy(scores, [-1] * 4))
        assert np.isnan(metrics.mmit_mean_average_precision(scores, np.zeros((4, 4))))


def test_a_score_that_is_nan_is_not_the_best() -> None:
    assert metrics.top_k_accuracy([np.array([np.nan, 0.1])], [0], (1, 2)) == [0, 1]


def test_a_host_that_is_right_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def right(scores: object, labels: object) -> float:
        return metrics.mean_class_accuracy(scores, labels)

    monkeypatch.setattr(accuracy, 'mean_class_accuracy', right)
    metrics.accuracies_of_ties_and_absent_classes()
    assert accuracy.mean_class_accuracy is right


def test_heads_use_the_same() -> None:
    assert is_ours(accuracy.top_k_accuracy) is is_ours(base.top_k_accuracy)
