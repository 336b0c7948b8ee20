"""Dumps of the test tool are read, and nothing in them is run."""

import os
import pickle

import numpy as np
import pytest
import torch
from mmengine.evaluator import DumpResults

from actionclip_mm.evaluation import read_dump


@pytest.fixture
def dump(tmp_path):
    """Function that dumps objects to a file."""

    def write(content: object, protocol: int | None = None):
        path = tmp_path / 'scores.pkl'
        path.write_bytes(pickle.dumps(content, protocol))
        return path

    return write


def samples(count: int = 3) -> list[dict]:
    return [
        dict(pred_score=torch.randn(4), gt_label=torch.tensor([1.0, 0, 0, 1]), img_shape=(3, 4))
        for _ in range(count)
    ]


@pytest.mark.parametrize('protocol', [2, 4, 5])
def test_reads_scores_and_labels(dump, protocol):
    data = samples()
    scores, truth = read_dump(dump(data, protocol))
    np.testing.assert_array_equal(scores, torch.stack([s['pred_score'] for s in data]).numpy())
    assert truth.tolist() == [[True, False, False, True]] * 3


def test_reads_what_the_host_writes(tmp_path):
    metric = DumpResults(str(tmp_path / 'scores.pkl'))
    data = samples()
    data[1]['undecodable'] = 'it is empty'
    metric.process({}, data)
    metric.evaluate(3)
    scores, _ = read_dump(tmp_path / 'scores.pkl')
    assert np.isneginf(scores[1]).all() and np.isfinite(scores[[0, 2]]).all()


def test_class_ids(tmp_path):
    """An unreadable video is wrong even where its class is the first of equal scores."""
    data = [dict(pred_score=torch.randn(4), gt_label=torch.tensor([k])) for k in (2, 0, 3)]
    data[1]['undecodable'] = 'it is empty'
    (tmp_path / 'scores.pkl').write_bytes(pickle.dumps(data))
    scores, truth = read_dump(tmp_path / 'scores.pkl')
    assert truth.tolist() == np.eye(4, dtype=bool)[[2, 0, 3]].tolist()
    np.testing.assert_array_equal(scores[2], data[2]['pred_score'].numpy())
    assert scores[1].argmax() != 0 and scores[1].max() < scores[[0, 2]].min()


class Evil:
    def __reduce__(self):
        return os.mkdir, ('evil',)


def test_runs_nothing(dump, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for content in ([Evil()], [*samples(), Evil()]):
        with pytest.raises(ValueError, match=r'holds posix.mkdir, which could run code'):
            read_dump(dump(content))
    assert not (tmp_path / 'evil').exists()


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        ([], 'not a list of samples'),
        ([dict(pred_score=torch.ones(3))], 'not a list of samples'),
        (
            [dict(pred_score=torch.ones(3), gt_label=torch.tensor([3]))],
            r'\[3\]: all .* of 3 classes',
        ),
        ([dict(pred_score=torch.ones(3), gt_label=torch.tensor([-1]))], 'a class id below it'),
        ([dict(pred_score=torch.ones(3), gt_label=torch.tensor([1, 2]))], 'a class id below it'),
        ([dict(pred_score=torch.ones(3), gt_label=torch.ones(2))], 'one number per class'),
        ([*samples(1), dict(pred_score=torch.ones(3), gt_label=torch.ones(3))], 'Sample 1 of'),
        ([dict(pred_score=torch.ones(2, 3), gt_label=torch.ones(2, 3))], 'one number per class'),
    ],
)
def test_refuses_other_dumps(dump, content, message):
    with pytest.raises(ValueError, match=message) as error:
        read_dump(dump(content))
    assert '\n' not in str(error.value)


def test_refuses_other_files(tmp_path):
    with pytest.raises(FileNotFoundError, match='There is no dump'):
        read_dump(tmp_path / 'nowhere.pkl')
    (tmp_path / 'text.pkl').write_text('scores')
    with pytest.raises(ValueError, match='cannot be read as a dump'):
        read_dump(tmp_path / 'text.pkl')


@pytest.mark.parametrize('wrong', [float('nan'), float('inf')])
@pytest.mark.parametrize('key', ['pred_score', 'gt_label'])
def test_numbers_that_mean_nothing(dump, key: str, wrong: float) -> None:
    data = samples()
    data[1][key] = torch.tensor([0.1, wrong, 0, 0])
    with pytest.raises(ValueError, match=r"of sample 1 of '.*' are NaN or infinite"):
        read_dump(dump(data))


class Rebuilt:
    """A tensor of 2 numbers, with another place in them."""

    def __init__(self, *place: object) -> None:
        self.place = place

    def __reduce__(self):
        storage = torch.zeros(2).storage()
        return torch._utils._rebuild_tensor_v2, (storage, *self.place, True, {1: 2})


@pytest.mark.parametrize(
    'place', [(1, (2,), (1,)), (0, (1 << 30,), (1,)), (1 << 40, (1,), (1,)), (0, (2, 2), (1, 1))]
)
@pytest.mark.filterwarnings('ignore:TypedStorage is deprecated')
def test_a_tensor_larger_than_its_storage(dump, place) -> None:
    sample = dict(pred_score=Rebuilt(*place), gt_label=torch.tensor([1]))
    with pytest.raises(ValueError, match='larger than its storage'):
        read_dump(dump([sample]))
    scores, _ = read_dump(dump([sample | dict(pred_score=Rebuilt(0, (2,), (1,)))]))
    assert scores.tolist() == [[0, 0]]
