"""Fixtures of robust data sets: good and broken videos, and a short pipeline."""

from collections.abc import Callable
from pathlib import Path

import pytest
from mmaction.registry import DATASETS

from actionclip_mm.datasets import RobustVideoDataset


@pytest.fixture
def pipeline() -> list[dict]:
    """Four frames of 32 x 32 pixels."""
    return [
        dict(type='VideoInit'),
        dict(type='UniformSample', clip_len=4, test_mode=True),
        dict(type='VideoDecode'),
        dict(type='Resize', scale=(32, 32), keep_ratio=False),
        dict(type='FormatShape', input_format='NCTHW'),
        dict(type='PackActionInputs'),
    ]


@pytest.fixture(scope='session')
def videos(tmp_path_factory: pytest.TempPathFactory, write_video: Callable) -> Path:
    """A folder with ``good 0.mp4`` … ``good 5.mp4`` and six broken files."""
    folder = tmp_path_factory.mktemp('videos')
    for index in range(6):
        write_video(folder / f'good {index}.mp4')
    whole = (folder / 'good 0.mp4').read_bytes()
    (folder / 'text.mp4').write_text('no video')
    (folder / 'empty.mp4').write_bytes(b'')
    (folder / 'cut.mp4').write_bytes(whole[: len(whole) // 2])
    (folder / 'folder.mp4').mkdir()
    (folder / 'zeros.mp4').write_bytes(bytes(1000))
    return folder  # and missing.mp4 is not there


BROKEN = ['text.mp4', 'empty.mp4', 'cut.mp4', 'folder.mp4', 'zeros.mp4', 'missing.mp4']


@pytest.fixture(params=BROKEN)
def broken(request: pytest.FixtureRequest) -> str:
    """Each broken file."""
    return request.param


@pytest.fixture
def build(videos: Path, pipeline: list, tmp_path: Path) -> Callable[..., RobustVideoDataset]:
    """Function: the data set of some lines, ``build(*lines, **options)``."""

    def make(*lines: str, **kwargs: object) -> RobustVideoDataset:
        path = tmp_path / 'list.txt'
        path.write_text('\n'.join(lines))
        # serialised lists would be followed by a collection of all garbage
        options = dict(pipeline=pipeline, data_prefix=dict(video=str(videos)), serialize_data=False)
        options |= kwargs
        return DATASETS.build(dict(type='RobustVideoDataset', ann_file=str(path), **options))

    return make
