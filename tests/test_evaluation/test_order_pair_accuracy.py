"""The order metric counts the right pairs and refuses what is no pair."""

import pytest
import torch
from mmaction.registry import METRICS

from actionclip_mm.evaluation import OrderPairAccuracy


def sample(label: int, scores: list[float]) -> dict:
    return dict(gt_label=torch.tensor([label]), pred_score=torch.tensor(scores))


def test_counts_pairs_and_ties_and_leaves_the_rest_out() -> None:
    metric = METRICS.build(dict(type='OrderPairAccuracy', pairs=[(0, 1), (3, 2)]))
    samples = [
        sample(0, [0.3, 0.1, 0.6, 0.0]),  # right, though class 2 scores best
        sample(1, [0.3, 0.1, 0.6, 0.0]),  # wrong: the same scores cannot be right for both
        sample(2, [0.0, 0.0, 0.5, 0.5]),  # a tie
        sample(4, [0.0, 0.0, 0.5, 0.5]),  # has no mirror
    ]
    metric.process(None, samples)
    assert metric.evaluate(size=4) == {'order/accuracy': 0.5}


def test_each_sample_has_a_result() -> None:
    """mmengine cuts what samplers pad off by the number of samples."""
    metric = OrderPairAccuracy([(0, 1)])
    padding = sample(0, [0.3, 0.1, 0.6])
    samples = [sample(0, [0.3, 0.1, 0.6]), sample(2, [0.3, 0.1, 0.6]), sample(1, [0.3, 0.1, 0.6])]
    metric.process(None, [*samples, padding])
    assert len(metric.results) == 4
    assert None not in metric.results  # which mmengine leaves out before it cuts
    assert metric.evaluate(size=3) == {'order/accuracy': 0.5}  # one right, one wrong


def test_pairs_from_a_file(tmp_path) -> None:
    path = tmp_path / 'pairs.txt'
    path.write_text('0 2\n\n1 3\n')
    assert OrderPairAccuracy(str(path)).mirrors == {0: 2, 2: 0, 1: 3, 3: 1}


@pytest.mark.parametrize(
    ('pairs', 'message'),
    [
        ([], 'at least one pair'),
        ([(0, 0)], 'two different'),
        ([(0, 1, 2)], 'two different'),
        ([(0, -1)], 'two different'),
        ([(0, 1), (1, 2)], 'another pair'),
    ],
)
def test_refuses_what_is_no_pair(pairs: list, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        OrderPairAccuracy(pairs)


def test_refuses_bad_files(tmp_path) -> None:
    with pytest.raises(FileNotFoundError, match='nowhere.txt'):
        OrderPairAccuracy('nowhere.txt')
    path = tmp_path / 'pairs.txt'
    path.write_text('left right\n')
    with pytest.raises(ValueError, match='left right'):
        OrderPairAccuracy(str(path))
    path.write_bytes(b'0 1\n\xff 2\n')
    with pytest.raises(ValueError, match='Line 2 of .*pairs.txt. has the byte 0xff'):
        OrderPairAccuracy(str(path))
    path.write_bytes(b'\xef\xbb\xbf0 1\r\n')  # as Windows writes it
    assert OrderPairAccuracy(str(path)).mirrors == {0: 1, 1: 0}


@pytest.mark.parametrize(
    ('label', 'scores', 'words'),
    [
        ([1.0, 0.0, 1.0], [0.1, 0.2, 0.3], r'labels of shape \(3,\)'),
        ([1], [[0.1, 0.2], [0.3, 0.4]], r'scores of shape \(2, 2\): set average_clips'),
    ],
)
def test_refuses_several_labels_or_views(label: list, scores: list, words: str) -> None:
    several = dict(gt_label=torch.tensor(label), pred_score=torch.tensor(scores))
    with pytest.raises(ValueError, match=words):
        OrderPairAccuracy([(0, 1)]).process(None, [several])


def test_refuses_scores_of_other_labels() -> None:
    metric = OrderPairAccuracy([(0, 5)])
    with pytest.raises(ValueError, match='2 scores'):
        metric.process(None, [sample(0, [0.5, 0.5])])
    with pytest.raises(ValueError, match='No tested sample'):
        metric.compute_metrics([])
