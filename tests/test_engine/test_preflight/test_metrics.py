"""Metrics that the data or the head cannot serve, and names that nobody gives."""

import pytest
from mmaction.evaluation import AccMetric, ConfusionMatrix
from mmengine.evaluator import BaseMetric
from mmengine.hooks import CheckpointHook, EarlyStoppingHook

from actionclip_mm.evaluation import CharadesMAP, CompleteEvaluator, OrderPairAccuracy

SINGLE = ('a.mp4 0', 'b.mp4 2')
SEVERAL = ('a.mp4 0 2', 'b.mp4 1')
MAP = AccMetric(metric_list=('mean_average_precision',))
MMIT = AccMetric(metric_list=('top_k_accuracy', 'mmit_mean_average_precision'))


class Unknown(BaseMetric):
    def process(self, *args: object) -> None: ...

    def compute_metrics(self, results: list) -> dict: ...


@pytest.fixture
def several(dataset):
    return dataset(*SEVERAL, multi_class=True, num_classes=3)


@pytest.mark.parametrize(
    ('metric', 'text'),
    [
        (MAP, "'mean_average_precision' of test_evaluator needs multi-label"),
        (MMIT, "'mmit_mean_average_precision'"),
        (CharadesMAP(), 'CharadesMAP of test_evaluator needs multi-label videos'),
    ],
)
def test_precisions_of_single_labels(refused, runner, dataset, metric, text) -> None:
    run = runner(test=dataset(*SINGLE), metrics=[metric])
    found = refused('metrics_of_data', run, 'test')
    assert text in found and 'has one label per video' in found


@pytest.mark.parametrize(
    ('metric', 'text'),
    [
        (AccMetric(), "'top_k_accuracy' of val_evaluator needs single-label"),
        (ConfusionMatrix(), 'ConfusionMatrix of val_evaluator needs single-label'),
        (OrderPairAccuracy([(0, 1)]), 'OrderPairAccuracy of val_evaluator needs single-label'),
    ],
)
def test_accuracies_of_several_labels(refused, runner, several, metric, text) -> None:
    run = runner(train=several, val=several, metrics=[metric], multi_class=True)
    assert text in refused('metrics_of_data', run)


def test_metrics_that_fit(ask, runner, dataset, several) -> None:
    single = [AccMetric(), ConfusionMatrix(), OrderPairAccuracy([(0, 1)]), Unknown()]
    assert not ask('metrics_of_data', runner(test=dataset(*SINGLE), metrics=single), 'test')
    both = [MAP, CharadesMAP()]
    assert not ask('metrics_of_data', runner(test=several, metrics=both), 'test')


def test_videos_without_a_label(warned, ask, runner, dataset) -> None:
    run = runner(test=dataset('a.mp4 0', 'b.mp4 -1', 'c.mp4 1'), metrics=[AccMetric()])
    assert '1 of 3 videos of test have no label: they have no' in warned(
        'metrics_of_data', run, 'test'
    )
    none = runner(test=dataset('a.mp4', 'b.mp4'), metrics=[AccMetric()])
    assert 'none of them can be scored' in warned('metrics_of_data', none, 'test')
    assert not ask('metrics_of_data', runner(test=dataset('a.mp4', 'b.mp4')), 'test')


def test_pairs_of_other_classes(refused, ask, runner, dataset) -> None:
    data = dataset(*SINGLE)
    beyond = runner(val=data, train=data, metrics=[OrderPairAccuracy([(1, 7)])])
    assert 'has class 7 but the head has 3 classes' in refused('metrics_of_head', beyond)
    others = runner(test=dataset('a.mp4 0'), metrics=[OrderPairAccuracy([(1, 2)])])
    assert 'No video of' in refused('metrics_of_head', others, 'test')
    fits = runner(test=data, metrics=[OrderPairAccuracy([(1, 2)])])
    assert not ask('metrics_of_head', fits, 'test')


def test_scores_of_views(refused, runner, dataset) -> None:
    run = runner(test=dataset(*SINGLE), metrics=[ConfusionMatrix(), MAP], average_clips=None)
    assert 'average_clips=None keeps the scores' in refused('metrics_of_head', run, 'test')


def test_names_for_another_head(refused, runner, several) -> None:
    run = runner(test=several, metrics=[CharadesMAP(labels=['a', 'b'])])
    assert 'has 2 names but the head has 3' in refused('metrics_of_head', run, 'test')


def test_top_5_of_3_classes(warned, ask, runner, dataset) -> None:
    run = runner(test=dataset(*SINGLE), metrics=[AccMetric()])
    assert warned('metrics_of_head', run, 'test') == 'acc/top5 of 3 classes is always 100 %.'
    assert not ask('metrics_of_head', runner(test=run._test_loop.dataloader, metrics=[AccMetric()],
                                             num_classes=9), 'test')  # fmt: skip


@pytest.mark.parametrize(
    'hook',
    [CheckpointHook(save_best='acc/top2', rule='greater'), EarlyStoppingHook('acc/top2')],
    ids=['save_best', 'early_stopping'],
)
def test_a_name_that_no_metric_gives(refused, ask, runner, dataset, hook) -> None:
    data = dataset(*SINGLE)
    evaluator = CompleteEvaluator(metrics=[AccMetric(), OrderPairAccuracy([(0, 1)])])
    text = refused('monitored_keys', runner(data, data, evaluator=evaluator, hooks=[hook]))
    assert "is 'acc/top2'" in text
    assert 'acc/mean1, acc/top1, acc/top5, order/accuracy, videos/failed' in text
    other = CompleteEvaluator(metrics=[AccMetric(), Unknown()])
    assert not ask('monitored_keys', runner(data, data, evaluator=other, hooks=[hook]))


def test_names_that_are_given(ask, runner, dataset, several) -> None:
    data = dataset(*SINGLE)
    hooks = [CheckpointHook(save_best=['acc/top1', 'acc/mean1'], rule='greater')]
    assert not ask('monitored_keys', runner(data, data, metrics=[AccMetric()], hooks=hooks))
    hooks = [EarlyStoppingHook('charades/mAP', rule='greater'), CheckpointHook(save_best='auto')]
    assert not ask('monitored_keys', runner(data, several, metrics=[CharadesMAP()], hooks=hooks))


def test_a_plateau_of_a_name_that_no_metric_gives(refused, runner, dataset) -> None:
    data = dataset(*SINGLE)
    run = runner(data, data, metrics=[AccMetric()], schedulers=[dict(type='ReduceOnPlateauLR')])
    assert "monitor of ReduceOnPlateauLR is 'loss'" in refused('monitored_keys', run)
