"""VideoInit and VideoDecode in a pipeline, also mixed with the host's transforms."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from mmaction.registry import TRANSFORMS
from mmengine.dataset import Compose

from actionclip_mm.datasets.transforms import VideoDecode, VideoInit
from actionclip_mm.decoding import DECODERS

SAMPLE = dict(type='UniformSample', clip_len=4, num_clips=2, test_mode=True)


def request(path: Path) -> dict:
    return dict(filename=str(path), label=0, start_index=0, modality='RGB')


@pytest.fixture
def path(tmp_path: Path, write_video: Callable) -> Path:
    return write_video(tmp_path / 'clip.mp4')


def test_results_are_those_of_the_hosts_transforms(path: Path) -> None:
    ours = Compose([dict(type='VideoInit'), SAMPLE, dict(type='VideoDecode')])(request(path))
    host = Compose([dict(type='DecordInit'), SAMPLE, dict(type='DecordDecode')])(request(path))
    assert set(ours) == set(host)
    for key in ('total_frames', 'avg_fps', 'original_shape', 'img_shape', 'video_reader'):
        assert ours[key] == host[key], key
    assert ours['video_reader'] is None
    assert np.array_equal(ours['frame_inds'], host['frame_inds'])
    assert np.array_equal(ours['imgs'], host['imgs'])


@pytest.mark.parametrize('decoder', DECODERS)
def test_one_decoder_by_name(path: Path, decoder: str) -> None:
    pipeline = Compose([dict(type='VideoInit', decoders=[decoder]), SAMPLE, VideoDecode()])
    assert len(pipeline(request(path))['imgs']) == 8


def test_a_video_shorter_than_the_clip(tmp_path: Path, write_video: Callable) -> None:
    path = write_video(tmp_path / 'short.mp4', np.full((2, 32, 32, 3), 99))
    for sampler in (SAMPLE, dict(type='SampleFrames', clip_len=8, num_clips=1)):
        results = Compose([VideoInit(), sampler, VideoDecode()])(request(path))
        assert results['total_frames'] == 2 and len(results['imgs']) == 8


@pytest.mark.parametrize(
    'arguments, message',
    [
        (dict(decoders=['ffmpeg']), "unknown decoder 'ffmpeg'"),
        (dict(num_threads=-1), 'num_threads must be at least 0, got -1'),
        (dict(time_limit=0), 'time_limit must be positive seconds or None, got 0'),
    ],
)
def test_arguments_out_of_range(arguments: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        VideoInit(**arguments)


def test_a_reader_of_another_transform(path: Path) -> None:
    pipeline = Compose([SAMPLE, dict(type='VideoDecode')])
    with pytest.raises(TypeError, match='VideoDecode needs VideoInit before it, got'):
        pipeline(request(path) | dict(total_frames=12, video_reader=object()))


@pytest.mark.parametrize('names', [('DecordInit', 'VideoDecode'), ('VideoInit', 'DecordDecode')])
def test_the_hosts_transforms_go_with_ours(path: Path, names: tuple[str, str]) -> None:
    opener, decoder = (dict(type=name) for name in names)
    ours = Compose([dict(type='VideoInit'), SAMPLE, dict(type='VideoDecode')])(request(path))
    mixed = Compose([opener, SAMPLE, decoder])(request(path))
    assert np.array_equal(mixed['imgs'], ours['imgs'])


def test_arguments_are_shown() -> None:
    cfg = dict(type='VideoInit', decoders=['pyav'], time_limit=None, max_pixels=9)
    assert repr(TRANSFORMS.build(cfg)) == (
        "VideoInit(decoders=('pyav',), num_threads=1, time_limit=None, max_pixels=9, "
        'only_needed=True, fast=False, index_cache=True)'
    )
