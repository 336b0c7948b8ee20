"""tools/analysis/mini_report.py: numbers computed from dumped scores."""

import json
import pickle
import sys

import numpy as np
import pytest
import torch

NAMES = ['red circle moving left', 'red circle moving right', 'three red circles']
TRUTH = [0, 1, 2, 0]


@pytest.fixture
def report(load_tool):
    return load_tool('tools/analysis/mini_report.py')


@pytest.fixture
def root(tmp_path, write_video):
    """A data set of three classes and four clips, the same for seen and unseen."""
    root = tmp_path / 'data'
    for index in range(len(TRUTH)):
        write_video(root / 'videos' / f'{index}.mp4')
    lines = [f'{index}.mp4 {label}' for index, label in enumerate(TRUTH)]
    for split, labels in (('val', 'seen'), ('unseen', 'unseen')):
        (root / f'{split}.txt').write_text('\n'.join(lines) + '\n')
        (root / f'labels_{labels}.txt').write_text('\n'.join(NAMES) + '\n')
        (root / f'order_pairs_{labels}.txt').write_text('0 1\n')
    return root


def dump(path, predicted, truth=TRUTH):
    scores = np.full((len(truth), len(NAMES)), 0.1)
    scores[range(len(truth)), predicted] = 0.8
    results = [
        dict(pred_score=torch.tensor(row), gt_label=torch.tensor([label]))
        for row, label in zip(scores, truth, strict=True)
    ]
    path.write_bytes(pickle.dumps(results))


def test_the_report(report, root, tmp_path, monkeypatch):
    dump(tmp_path / 'seen.pkl', [0, 0, 2, 0])  # one clip is mistaken for its mirrored class
    dump(tmp_path / 'unseen.pkl', TRUTH)
    log = tmp_path / 'run' / 'vis_data' / 'scalars.json'
    log.parent.mkdir(parents=True)
    rows = [dict(step=1, loss=2.0), {'step': 1, 'acc/top1': 0.5, 'order/accuracy': 0.6}]
    log.write_text('\n'.join(map(json.dumps, rows)))
    argv = ['mini_report.py', str(tmp_path), '--data-root', str(root), '--seconds', 'train=9']
    monkeypatch.setattr(sys, 'argv', argv)
    report.main()
    text = (tmp_path / 'report.md').read_text()
    assert '| top-1, seen classes | 3 | 75.0% | 33.3% |' in text
    assert '| order accuracy, seen classes | 2 | 66.7% | 50.0% |' in text
    assert 'Zero-shot is 3.0 times chance.' in text and 'train 9' in text
    for name in ('curves', 'per_class', 'strips'):
        assert (tmp_path / f'{name}.png').stat().st_size > 5000


def test_scores_of_another_list_are_rejected(report, root, tmp_path):
    dump(tmp_path / 'seen.pkl', [0, 0, 2, 0], truth=[2, 1, 0, 0])
    with pytest.raises(ValueError, match='was not written for val'):
        report.read_split(root, 'seen', 'val.txt', tmp_path / 'seen.pkl')


def test_a_folder_without_a_log(report, tmp_path):
    with pytest.raises(FileNotFoundError, match='has no training log'):
        report.read_log(tmp_path)
    log = tmp_path / 'run' / 'vis_data' / 'scalars.json'
    log.parent.mkdir(parents=True)
    log.write_text('{"acc/top1": 0.5, "step": 1}')
    with pytest.raises(ValueError, match='has no losses'):
        report.read_log(tmp_path)


def test_dump_cannot_run_code(report, root, tmp_path):
    class Evil:
        def __reduce__(self):
            return (tmp_path / 'evil').mkdir, ()

    (tmp_path / 'seen.pkl').write_bytes(pickle.dumps([Evil()]))
    with pytest.raises(ValueError, match='could run code'):
        report.read_split(root, 'seen', 'val.txt', tmp_path / 'seen.pkl')
    assert not (tmp_path / 'evil').exists()
