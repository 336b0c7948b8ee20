"""Scores of each video: what is written is read, in the order of the list."""

from pathlib import Path

import numpy as np
import pytest
import torch

from actionclip_mm.clip.weight_files import sha256
from actionclip_mm.evaluation import CompleteEvaluator, VideoScoresFile, read_video_scores


def samples(order: list[int], multi: bool = False) -> list[dict]:
    label = {0: [1.0, 0.0], 1: [0.0, 1.0], 2: [1.0, 1.0]} if multi else {0: [0], 1: [1], 2: [0]}
    return [
        dict(
            pred_score=torch.tensor([0.9, 0.1]) - index / 10,
            gt_label=torch.tensor(label[index]),
            sample_idx=index,
            filename=f'/data/videos/a/{index}.mp4',
        )
        | (dict(undecodable='empty') if index == 2 else {})
        for index in order
    ]


def evaluate(path: Path, order: list[int], multi: bool = False) -> None:
    evaluator = CompleteEvaluator(
        [VideoScoresFile(str(path), ['sit', 'stand'], root='/data/videos')]
    )
    evaluator.dataset_meta = None
    for sample in samples(order, multi):
        evaluator.process([sample])
    evaluator.evaluate(3)


@pytest.mark.parametrize('multi', [False, True])
def test_what_is_written_is_read(tmp_path: Path, multi: bool) -> None:
    path = tmp_path / 'new' / 'scores.safetensors'
    evaluate(path, [0, 1, 2, 2], multi)  # the last one is padding
    found = read_video_scores(path)
    assert found.videos == ('a/0.mp4', 'a/1.mp4', 'a/2.mp4')
    assert found.classes == ('sit', 'stand')
    assert found.failed.tolist() == [False, False, True]
    truth = [[True, False], [False, True], [True, True]] if multi else [0, 1, 0]
    assert found.labels.tolist() == truth
    assert found.scores.dtype == np.float32 and found.scores[2, 0] < -1e29


def test_the_file_does_not_depend_on_the_order_of_batches(tmp_path: Path) -> None:
    evaluate(tmp_path / 'a.safetensors', [0, 1, 2])
    evaluate(tmp_path / 'b.safetensors', [2, 0, 1])
    assert sha256(tmp_path / 'a.safetensors') == sha256(tmp_path / 'b.safetensors')


def test_what_cannot_be_kept_or_read(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r'must end in \.safetensors'):
        VideoScoresFile('scores.pkl', ['a'])
    metric = VideoScoresFile(str(tmp_path / 's.safetensors'), ['a', 'b', 'c'])
    with pytest.raises(ValueError, match='one score for each of 3 classes'):
        metric.process(None, samples([0]))
    with pytest.raises(FileNotFoundError, match='no file of scores'):
        read_video_scores(tmp_path / 'none.safetensors')
    (tmp_path / 'other.safetensors').write_bytes(b'x' * 100)
    with pytest.raises(ValueError, match='is not a file of video scores') as error:
        read_video_scores(tmp_path / 'other.safetensors')
    assert '\n' not in str(error.value)
