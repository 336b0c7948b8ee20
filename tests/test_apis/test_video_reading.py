"""Reading videos: shapes of good ones, and one line for each kind of bad one."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from actionclip_mm.apis.video_reading import (
    VideoError,
    VideoReading,
    default_pipeline,
)
from actionclip_mm.decoding.errors import reason


@pytest.fixture(scope='module')
def read():
    return VideoReading(default_pipeline((32, 32), num_frames=4, num_clips=2))


def test_shape(read, video):
    data = read(video).data
    assert data['inputs'].shape == (2, 3, 4, 32, 32)
    assert data['inputs'].dtype == torch.uint8


def test_the_short_side_is_as_much_longer_as_256_than_224():
    resize, crop = default_pipeline((32, 48))[3:5]
    assert resize['scale'] == (-1, 48 * 256 // 224)
    assert crop['crop_size'] == (48, 32)  # the host's order: width, height


def test_a_truncated_avi_does_not_crash(read, write_video, tmp_path):
    path = write_video(tmp_path / 'whole.avi', np.random.randint(0, 255, (40, 48, 64, 3)))
    content = path.read_bytes()
    for part in (0.3, 0.5, 0.7, 0.9):
        (tmp_path / 'part.avi').write_bytes(content[: int(len(content) * part)])
        assert read(str(tmp_path / 'part.avi')).data['inputs'].shape == (2, 3, 4, 32, 32)


def test_a_file_without_suffix(read, video, tmp_path):
    shutil.copy(video, tmp_path / 'clip')
    assert torch.equal(read(str(tmp_path / 'clip')).data['inputs'], read(video).data['inputs'])


@pytest.mark.parametrize('opener', ['VideoInit', 'DecordInit'])
def test_files_without_a_video_are_refused(opener, no_videos, capfd):
    read = VideoReading([dict(type=opener)])
    for path, message in no_videos.items():
        with pytest.raises(VideoError) as error:
            read(str(path))
        assert str(error.value) == f'{path}: {message}'
    assert 'no video\n' not in capfd.readouterr().err, 'decord prints what it cannot read'


def test_errors_of_the_decoder_become_one_line():
    source = '[03:20:36] /src/video/threaded_decoder.cc:292: '
    text = (
        f'{source}{source}Check failed: send(a.get(), b) >= 0 (-109 vs. 0) Thread: Error sending.'
    )
    assert reason(RuntimeError(text)) == 'Thread: Error sending'
    assert reason(RuntimeError('\nfirst. second\nthird')) == 'first'
    assert reason(KeyError()) == 'KeyError'


def test_a_pipeline_without_an_opener_is_refused():
    with pytest.raises(ValueError, match='must begin with VideoInit.*got CenterCrop'):
        VideoReading([dict(type='CenterCrop', crop_size=4)])
    with pytest.raises(ValueError, match='got nothing'):
        VideoReading([])


def test_a_damaged_video_is_read_as_far_as_possible(read):
    path = Path(__file__).resolve().parents[3] / 'shared' / 'videos' / 'corrupted.mp4'
    if not path.is_file():
        pytest.skip('no real videos next to this checkout')
    assert read(str(path)).data['inputs'].shape == (2, 3, 4, 32, 32)  # decord alone gives up
