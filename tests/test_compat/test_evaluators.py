"""--dump of the host's test tool beside an evaluator of one's own."""

import inspect

import pytest
import torch
from mmaction.evaluation import AccMetric
from mmaction.structures import ActionDataSample
from mmengine.config import ConfigDict
from mmengine.evaluator import DumpResults, Evaluator
from mmengine.runner import Runner

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
        with pytest.raises(ValueError, match='Not one of 2 videos could be read'):
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
