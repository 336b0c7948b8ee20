"""The configs of Charades read the documented layout: label sets, unlabelled videos, segments."""

from collections.abc import Callable
from pathlib import Path

import pytest
from mmaction.registry import DATASETS
from mmengine.config import Config
from mmengine.registry import EVALUATOR

FOLDER = Path(__file__).resolve().parents[2] / 'configs' / '_base_' / 'datasets'


@pytest.mark.parametrize('name', ['charades', 'charades_segments'])
def test_reads_the_layout_that_it_names(
    name: str,
    tmp_path: Path,
    write_video: Callable,
    monkeypatch: pytest.MonkeyPatch,
    shrink_frames: Callable,
) -> None:
    monkeypatch.chdir(tmp_path)
    config = Config.fromfile(FOLDER / f'{name}.py')
    docstring = (FOLDER / f'{name}.py').read_text().split('"""')[1]
    for video in ('a', 'b'):
        write_video(tmp_path / 'data' / 'charades' / 'videos' / f'{video}.mp4')
    for dataset in (config.train_dataloader.dataset, config.test_dataloader.dataset):
        training = dataset is config.train_dataloader.dataset
        if training or name == 'charades':  # what segments do not change is said there
            assert dataset.ann_file in docstring
        segments = dataset.type == 'VideoSegmentDataset'
        text = 'a.mp4 3 0.2 0.9\nb.mp4 156 0 1\n' if segments else 'a.mp4 3 156\nb.mp4\n'
        Path(dataset.ann_file).write_text(text)
        dataset.pipeline = shrink_frames(dataset.pipeline)
        built = DATASETS.build(dataset)
        assert built[0]['inputs'].shape == (1, 3, 32, 32, 32)
        labels = [built.get_data_info(i)['label'].nonzero().flatten().tolist() for i in (0, 1)]
        assert labels == ([[3], [156]] if segments else [[3, 156], []])
        assert built.test_mode is not training
    assert config.labels == 'data/charades/labels.txt'
    evaluator = EVALUATOR.build(config.test_evaluator)
    assert [metric.definition for metric in evaluator.metrics] == ['charades', 'maxi']
