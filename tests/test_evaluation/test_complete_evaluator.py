"""Every listed video counts exactly once, and an unreadable one counts as wrong."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import mmengine
import pytest
import torch
from mmaction.registry import EVALUATOR
from mmaction.structures import ActionDataSample
from mmengine.runner import Runner
from sklearn.metrics import average_precision_score, recall_score

from actionclip_mm.evaluation import CompleteEvaluator
from actionclip_mm.evaluation.complete_evaluator import make_worst

WORKER = Path(__file__).resolve().parents[1] / 'evaluation_worker.py'


def sample(index: int, label: int | list, scores: list[float], bad: str = '') -> ActionDataSample:
    metainfo = dict(sample_idx=index, filename=f'{index}.mp4')
    if bad:
        metainfo['undecodable'] = bad
    return ActionDataSample(metainfo=metainfo).set_gt_label(label).set_pred_score(scores)


def right(index: int, label: int, bad: str = '', classes: int = 7) -> ActionDataSample:
    """A sample whose own class scores best."""
    return sample(index, label, [float(label == c) for c in range(classes)], bad)


def evaluate(samples: list, *metrics: dict, size: int | None = None, **options: object) -> dict:
    evaluator = EVALUATOR.build(
        dict(type='CompleteEvaluator', metrics=list(metrics) or [dict(type='AccMetric')], **options)
    )
    evaluator.process(samples)
    return evaluator.evaluate(len(samples) if size is None else size)


def test_an_unreadable_video_is_wrong_whatever_its_scores() -> None:
    samples = [right(0, 0), right(1, 1, 'empty'), right(2, 2), right(3, 1)]
    order = dict(type='OrderPairAccuracy', pairs=[(1, 2)])
    found = evaluate(samples, dict(type='AccMetric'), order)
    assert found == {
        'acc/top1': 0.75, 'acc/top5': 0.75, 'acc/mean1': pytest.approx((1 + 0.5 + 1) / 3),
        'order/accuracy': pytest.approx(2 / 3),
        'videos/listed': 4, 'videos/scored': 4, 'videos/failed': 1,
    }  # fmt: skip
    assert next(iter(found)) == 'acc/top1'  # what save_best='auto' takes
    assert samples[1].pred_score.tolist() == [0, 1, 0, 0, 0, 0, 0]  # the model's stay as they are


def test_wrong_among_the_first_five_of_six_classes() -> None:
    for label, name in ((2, 'acc/top5'), (5, 'acc/top1')):
        bad, good = right(0, label, 'empty', classes=6), right(1, 0, classes=6)
        assert evaluate([bad, good])[name] == 0.5


def test_precision_ranks_it_behind_all_others_in_every_class() -> None:
    labels = torch.tensor([[1, 0, 1], [1, 1, 0], [0, 0, 1], [0, 1, 0]])
    scores = torch.tensor([[0.9, 0.1, 0.2], [0.8, 0.9, 0.9], [0.1, 0.2, 0.3], [0.3, 0.2, 0.1]])
    samples = [
        sample(i, labels[i].tolist(), scores[i].tolist(), 'empty' if i in (1, 2) else '')
        for i in range(4)
    ]
    metric = dict(type='AccMetric', metric_list=('mean_average_precision',))
    found = evaluate(samples, metric)['acc/mean_average_precision']
    ranked = scores.clone()
    ranked[1:3] = torch.where(labels[1:3] == 1, -2.0, -1.0)
    expected = average_precision_score(labels.numpy(), ranked.numpy(), average='macro')
    assert found == pytest.approx(expected)


def test_the_worst_scores_for_each_kind_of_sample() -> None:
    single = right(0, 2, classes=4).set_pred_label(2).to_dict()
    make_worst(single)
    assert single['pred_score'].argsort()[0] == 2
    assert int(single['pred_label']) != 2
    several = sample(0, [1, 0, 1], [0.5, 0.1, 0.2]).to_dict()
    make_worst(several)
    assert several['pred_score'].topk(1).indices.item() == 1
    assert several['pred_score'].isfinite().all()
    unlabelled = right(0, -1).to_dict()
    make_worst(unlabelled)
    assert len(unlabelled['pred_score'].unique()) == 1
    half = dict(gt_label=torch.tensor([0]), pred_score=torch.ones(3, dtype=torch.float16))
    make_worst(half)  # too far below for half precision
    assert half['pred_score'].isfinite().all()
    paths = dict(gt_label=torch.tensor([0]), pred_score=dict(rgb=torch.ones(3), pose=torch.ones(3)))
    make_worst(paths)
    assert paths['pred_score']['pose'].argmin() == 0
    with pytest.raises(ValueError, match='without pred_score'):
        make_worst(dict(gt_label=torch.tensor([0])))


@pytest.mark.slow
def test_several_processes_evaluate_like_one(tmp_path: Path) -> None:
    """Padding, processes with unequal shares, shuffled lists: the numbers of one process."""
    subprocess.run([sys.executable, str(WORKER), str(tmp_path)], check=True, timeout=240)
    one, two, three = (json.loads((tmp_path / f'{n}.json').read_text()) for n in (0, 2, 3))
    for case, expected in one.items():
        if 'dropped' in case:
            continue
        assert expected['videos/listed'] == expected['videos/scored'] == 11
        assert expected['videos/failed'] == 3
        for found in (two[case], three[case]):
            assert list(found) == list(expected)  # the order of save_best, too
            for name, value in found.items():
                exact = 'shuffled' not in case  # else the sums have another order
                assert value == (expected[name] if exact else pytest.approx(expected[name])), case
    for found in (one, two):
        assert found['False dropped']['videos/scored'] == 8


def test_what_is_dropped_or_repeated_is_noticed(log: Callable) -> None:
    samples = [right(index, index % 3) for index in range(5)]
    found = evaluate(samples[:4], size=5)
    assert (found['videos/listed'], found['videos/scored']) == (5, 4)
    assert 'INCOMPLETE: 4 of 5 listed videos were scored' in log()

    wrong = sample(5, 0, [0.0, 1, 0, 0, 0, 0, 0])
    once = evaluate([*samples, wrong])
    assert evaluate([*samples, wrong, wrong, wrong], size=6) == once
    assert log().count('INCOMPLETE') == 1


def test_failed_videos_are_listed(tmp_path: Path, log: Callable) -> None:
    path = tmp_path / 'results' / 'failed.txt'
    evaluator = CompleteEvaluator([dict(type='AccMetric')], failed_file=str(path))
    evaluator.process([right(0, 0), right(1, 1, 'it is empty'), right(2, 1, 'there is no file')])
    assert evaluator.evaluate(3)['videos/failed'] == 2
    assert path.read_text() == '1.mp4\tit is empty\n2.mp4\tthere is no file\n'
    assert '2 of 3 videos count as wrong' in log()
    assert '1.mp4\tit is empty' in log()
    evaluator.process([right(0, 0)])  # the next epoch starts anew
    assert evaluator.evaluate(1)['videos/failed'] == 0
    assert path.read_text() == ''


def test_refuses_what_it_cannot_tell_apart_or_count() -> None:
    nameless = ActionDataSample().set_gt_label(0).set_pred_score([0.5, 0.5])
    with pytest.raises(ValueError, match='RobustVideoDataset, or add .sample_idx.*meta_keys'):
        evaluate([nameless])
    evaluator = CompleteEvaluator([dict(type='AccMetric')])
    evaluator.process([right(0, 0)])
    evaluator.metrics[0].results.clear()
    with pytest.raises(ValueError, match='AccMetric has 0 results of 1 samples'):
        evaluator.evaluate(1)


def test_nothing_read_is_not_a_result(tmp_path: Path) -> None:
    """A wrong data_prefix ended in an accuracy of 0 and exit code 0."""
    path = tmp_path / 'failed.txt'
    evaluator = CompleteEvaluator([dict(type='AccMetric')], failed_file=str(path))
    evaluator.process([right(0, 0, 'there is no such file'), right(1, 1, 'it is empty')])
    with pytest.raises(ValueError, match=r"None of the 2 videos .* '0.mp4': there is no such file"):
        evaluator.evaluate(2)
    assert path.read_text().count('\n') == 2
    with pytest.raises(ValueError, match='There is no video to evaluate'):
        evaluator.evaluate(0)


def test_videos_without_a_label_are_neither_right_nor_wrong(tmp_path: Path, log: Callable) -> None:
    same = [1.0, 0, 0]
    samples = [sample(i, label, same) for i, label in enumerate([0, -1, 1])]
    samples.append(sample(3, -1, same, 'it is empty'))
    dump = dict(type='DumpResults', out_file_path=str(tmp_path / 'scores.pkl'))
    found = evaluate(samples, dict(type='AccMetric'), dump)
    assert (found['acc/top1'], found['acc/mean1'], found['videos/unlabelled']) == (0.5, 0.5, 2)
    assert (found['videos/scored'], found['videos/failed']) == (4, 1)
    assert '2 of 4 videos have no label: no metric counts them.' in log()
    assert len(mmengine.load(tmp_path / 'scores.pkl')) == 4
    alone = evaluate([right(0, -1), right(1, -1)], dict(type='AccMetric'), dump)
    assert alone == {
        'videos/listed': 2, 'videos/scored': 2, 'videos/failed': 0, 'videos/unlabelled': 2
    }  # fmt: skip
    assert len(mmengine.load(tmp_path / 'scores.pkl')) == 2


def test_answers_on_classes_without_a_video_do_not_lower_the_mean() -> None:
    """20 videos of 2 classes, 4 answered classes: the host said 0.2188."""
    answers = [0] * 14 + [2] * 2 + [3] * 4
    labels = [0] * 16 + [1] * 4
    samples = [
        sample(i, label, [float(answer == c) for c in range(6)])
        for i, (label, answer) in enumerate(zip(labels, answers, strict=True))
    ]
    expected = recall_score(labels, answers, labels=[0, 1], average='macro')
    assert evaluate(samples)['acc/mean1'] == pytest.approx(expected)
    assert expected == 0.4375


@pytest.mark.parametrize('name', ['AccMetric', 'ConfusionMatrix'])
def test_scores_per_view_are_refused(name: str) -> None:
    """The host ranks views instead of classes."""
    views = sample(0, 0, [[0.9, 0.1], [0.2, 0.8]])
    with pytest.raises(ValueError, match=r'got scores of shape \(2, 2\): set .*average_clips'):
        evaluate([views], dict(type=name))


def test_two_metrics_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="Two metrics are named 'acc/mean1'"):
        evaluate([right(0, 0)], dict(type='AccMetric'), dict(type='AccMetric'))


def test_configs_build_it() -> None:
    config = dict(type='CompleteEvaluator', metrics=dict(type='AccMetric'))
    assert isinstance(Runner.build_evaluator(None, config), CompleteEvaluator)
