"""``--dump`` with an own evaluator, tests without videos, and accuracies against scikit-learn."""

import inspect
import warnings
from collections.abc import Callable

import numpy as np
import pytest
import torch
from mmaction.evaluation import AccMetric, ConfusionMatrix
from mmaction.evaluation.functional import accuracy
from mmaction.models.heads import base
from mmaction.registry import MODELS
from mmaction.structures import ActionDataSample
from mmengine.config import ConfigDict
from mmengine.evaluator import DumpResults, Evaluator
from mmengine.runner import Runner
from sklearn.metrics import average_precision_score, confusion_matrix, recall_score

from actionclip_mm.compat import evaluation
from actionclip_mm.evaluation import CompleteEvaluator

DUMP = dict(type='DumpResults', out_file_path='scores.pkl')


def build(evaluator: object) -> Evaluator:
    return Runner.build_evaluator(None, evaluator)


@pytest.mark.parametrize('metrics', [dict(type='AccMetric'), [dict(type='AccMetric')]])
def test_dump_joins_the_metrics_of_the_evaluator(metrics: object) -> None:
    own = ConfigDict(type='CompleteEvaluator', metrics=metrics)
    evaluator = build([own, DUMP])  # what merge_args of the host's tool makes of --dump
    assert type(evaluator) is CompleteEvaluator
    assert [type(metric) for metric in evaluator.metrics] == [AccMetric, DumpResults]
    assert own == dict(type='CompleteEvaluator', metrics=metrics)  # the config stays as it was


def test_the_host_does_not_know_that_list() -> None:
    unmended = inspect.getclosurevars(Runner.build_evaluator).nonlocals['build']
    with pytest.raises(KeyError, match='CompleteEvaluator'):
        unmended(None, [dict(type='CompleteEvaluator', metrics=[]), DUMP])


def test_other_evaluators_are_built_as_before() -> None:
    for evaluator in ([dict(type='AccMetric'), DUMP], dict(type='AccMetric')):
        assert type(build(evaluator)) is Evaluator
    assert type(build(dict(metrics=[dict(type='AccMetric')]))) is Evaluator


@pytest.mark.parametrize('kind', ['Evaluator', 'CompleteEvaluator'])
def test_a_test_that_reads_no_video_fails_under_any_evaluator(kind: str) -> None:
    def sample(index: int, **metainfo: str) -> ActionDataSample:
        place = dict(sample_idx=index, filename=f'{index}.mp4')
        made = ActionDataSample(metainfo=place | metainfo)
        return made.set_gt_label(0).set_pred_score([0.9, 0.1])

    evaluator = build(dict(type=kind, metrics=[dict(type='AccMetric')]))
    for _ in range(2):  # counts begin anew
        evaluator.process([sample(0, undecodable='empty'), sample(1, undecodable='empty')])
        with pytest.raises(ValueError, match='None of the 2 videos could be read'):
            evaluator.evaluate(2)
        for metric in evaluator.metrics:
            metric.results.clear()
    evaluator.process([sample(0, undecodable='empty'), sample(1)])
    assert evaluator.evaluate(2)['acc/top1'] >= 0.5


def test_samples_of_other_models_are_no_videos() -> None:
    """A feature extractor gives tensors, a test of hooks numbers."""
    evaluator = Evaluator([])
    evaluator.process([torch.zeros(2), 3], None)
    assert evaluator.evaluate(2) == {}


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
    assert evaluation.mean_class_accuracy(scores, [0, -1, 1, -1]) == 0.5
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        assert np.isnan(evaluation.mean_class_accuracy(scores, [-1] * 4))
        assert np.isnan(evaluation.mmit_mean_average_precision(scores, np.zeros((4, 4))))


def test_a_score_that_is_nan_is_not_the_best() -> None:
    assert evaluation.top_k_accuracy([np.array([np.nan, 0.1])], [0], (1, 2)) == [0, 1]


def test_a_host_that_is_right_is_left_alone(
    monkeypatch: pytest.MonkeyPatch, apply_again: Callable
) -> None:
    def right(scores: object, labels: object) -> float:
        return evaluation.mean_class_accuracy(scores, labels)

    monkeypatch.setattr(accuracy, 'mean_class_accuracy', right)
    apply_again(evaluation.correct_accuracies)
    assert accuracy.mean_class_accuracy is right


def test_heads_use_the_same() -> None:
    assert base.top_k_accuracy is accuracy.top_k_accuracy is evaluation.top_k_accuracy
