"""Files, frames, pipelines, shared memory and disk."""

import random
import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from mmaction.datasets import RawframeDataset
from mmengine.hooks import CheckpointHook
from PIL import Image
from torch import nn

from actionclip_mm.datasets import RobustRawframeDataset, RobustVideoDataset
from actionclip_mm.engine.preflight import data as questions

PIPELINE = [
    dict(type='VideoInit'),
    dict(type='UniformSample', clip_len=2, test_mode=True),
    dict(type='VideoDecode'),
    dict(type='FormatShape', input_format='NCTHW'),
    dict(type='PackActionInputs'),
]


@pytest.fixture
def videos(tmp_path, write_video):
    """Function that makes a data set of numbered videos, of which some do not exist."""

    def make(total: int, missing: int = 0, kind: type = RobustVideoDataset, **options: object):
        folder = tmp_path / 'videos'
        for number in range(missing, total):
            if not (folder / f'{number}.mp4').is_file():
                write_video(folder / f'{number}.mp4')
        path = tmp_path / f'list_{total}_{missing}.txt'
        path.write_text(''.join(f'{number}.mp4 {number % 3}\n' for number in range(total)))
        folder.mkdir(exist_ok=True)
        options = dict(pipeline=PIPELINE, serialize_data=False) | options
        return kind(str(path), data_prefix=dict(video=str(folder)), **options)

    return make


def test_files_that_do_not_exist(refused, warned, ask, runner, videos) -> None:
    assert '3 of 3 files' in refused('files_of_lists', runner(videos(3, missing=3)))
    text = refused('files_of_lists', runner(videos(6, missing=2)))
    assert 'max_bad_ratio=0.01 allows 1' in text and 'such as' in text
    assert '1 of 6 files' in warned('files_of_lists', runner(videos(6, missing=1)))
    tested = runner(test=videos(6, missing=2, test_mode=True))
    assert 'check data_prefix of test_dataloader' in warned('files_of_lists', tested, 'test')
    assert not ask('files_of_lists', runner(videos(3)))


@pytest.fixture
def frames(tmp_path):
    """Function that makes a data set of one folder of 4 frames."""

    def make(first: int, start_index: int, kind: type = RawframeDataset, flow: bool = False):
        folder = tmp_path / f'frames_{first}_{flow}' / 'a'
        folder.mkdir(parents=True, exist_ok=True)
        for number in range(first, first + 4):
            for axis in ('x_', 'y_') if flow else ('img_',):
                Image.new('RGB', (4, 4)).save(folder / f'{axis}{number:05}.jpg')
        (tmp_path / 'frames.txt').write_text('a 4 0\n')
        return kind(
            str(tmp_path / 'frames.txt'),
            data_prefix=dict(img=str(folder.parent)),
            filename_tmpl='{}_{:05}.jpg' if flow else 'img_{:05}.jpg',
            start_index=start_index,
            modality='Flow' if flow else 'RGB',
            pipeline=[],
        )

    return make


@pytest.mark.parametrize('flow', [False, True])
@pytest.mark.parametrize(('first', 'start'), [(0, 1), (2, 1)])
def test_frames_that_are_numbered_otherwise(refused, runner, frames, first, start, flow) -> None:
    if first == 2:
        first, start = 1, 0  # numbered from 1 and read from 0
    text = refused('frame_numbers', runner(frames(first, start, flow=flow)))
    assert f'set start_index={first}' in text
    with pytest.raises(ValueError, match=f'set start_index={first} of the data set'):
        frames(first, start, RobustRawframeDataset, flow)  # wherever it is used


@pytest.mark.parametrize('first', [0, 1])
def test_frames_that_are_numbered_as_said(ask, runner, frames, first) -> None:
    assert not ask('frame_numbers', runner(frames(first, first)))
    assert len(frames(first, first, RobustRawframeDataset)) == 1


def test_a_pipeline_that_fails(refused, ask, runner, videos) -> None:
    train, broken = videos(3), [*PIPELINE[:3], dict(type='Resize', scale=(0, 0)), *PIPELINE[3:]]
    for kind in (RobustVideoDataset, RobustVideoDataset.__mro__[2]):
        val = videos(3, kind=kind, pipeline=broken, test_mode=True)
        text = refused('pipelines', runner(train, val))
        assert 'The pipeline of val_dataloader.dataset fails on its first video' in text
    assert not ask('pipelines', runner(train, train))


def test_an_unreadable_video_is_not_the_pipelines_fault(ask, runner, videos) -> None:
    for kind in (RobustVideoDataset, RobustVideoDataset.__mro__[2]):
        assert not ask('pipelines', runner(videos(6, missing=1, kind=kind)))


def test_random_numbers_are_left_alone(ask, runner, videos) -> None:
    numbers = []
    for asks in (False, True):
        random.seed(1), np.random.seed(1), torch.manual_seed(1)
        data = videos(3, pipeline=[PIPELINE[0], dict(type='UniformSample', clip_len=2),
                                   *PIPELINE[2:]])  # fmt: skip
        if asks:
            ask('pipelines', runner(data))
        numbers.append((random.random(), np.random.random(), torch.rand(1).item()))
    assert numbers[0] == numbers[1]


def test_shared_memory(refused, ask, runner, videos, monkeypatch) -> None:
    data = videos(3)
    loader = dict(batch_size=4, num_workers=2)
    sample = 3 * 2 * 48 * 64
    monkeypatch.setattr(questions, 'shared_memory_free', lambda: 6 * 4 * sample - 1)
    text = refused('pipelines', runner(data, loader=loader))
    assert '--shm-size' in text and 'one batch is 0.1 MiB' in text
    monkeypatch.setattr(questions, 'shared_memory_free', lambda: 6 * 4 * sample + 500)
    assert not ask('pipelines', runner(data, loader=loader))
    monkeypatch.setenv('LOCAL_WORLD_SIZE', '2')
    assert 'shared memory' in refused('pipelines', runner(data, loader=loader))
    monkeypatch.setattr(questions, 'shared_memory_free', lambda: 0)
    assert not ask('pipelines', runner(data))  # without workers nothing is sent


def test_disk_space(refused, warned, ask, runner, videos, monkeypatch) -> None:
    run = runner(videos(3), hooks=[CheckpointHook(interval=1, max_keep_ckpts=2, save_best='auto')])
    run.model = nn.Linear(256, 1024, bias=False)  # 1 MiB, 3 MiB with the state of Adam

    def free(mib: int) -> None:
        monkeypatch.setattr(shutil, 'disk_usage', lambda path: SimpleNamespace(free=mib * 2**20))

    free(2)
    text = refused('disk_space', run)
    assert '2 MiB free, and a checkpoint takes about 3 MiB' in text
    free(11)
    assert 'of which 4 are kept' in warned('disk_space', run)
    free(12)
    assert not ask('disk_space', run)
    run.model.requires_grad_(False)
    free(2)
    assert 'takes about 1 MiB' in warned('disk_space', run)


def test_other_storage_is_not_looked_at(ask, runner, dataset) -> None:
    assert not ask('files_of_lists', runner(dataset('s3://bucket/a.mp4 0')))
    assert Path('s3:').exists() is False
