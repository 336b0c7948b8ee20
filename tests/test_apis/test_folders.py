"""Folders of frames and of videos: the answers of the video files themselves."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from actionclip_mm.apis.folders import expand_folders, frames_of
from actionclip_mm.apis.video_reading import VideoError, VideoReading, default_pipeline

PIPELINE = default_pipeline((32, 32), num_frames=4, num_clips=2)


@pytest.fixture(scope='module')
def frames() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 255, (12, 48, 64, 3)).astype(np.uint8)


def write_frames(folder: Path, frames: np.ndarray, name: str = 'img_{:05}.png') -> Path:
    """Lossless PNG files, numbered from 1."""
    folder.mkdir(parents=True, exist_ok=True)
    for index, frame in enumerate(frames, start=1):
        assert cv2.imwrite(str(folder / name.format(index)), frame[..., ::-1])
    return folder


class Frames:
    """Stub of a decoder: returns frames of an array."""

    def __init__(self, frames: np.ndarray) -> None:
        self.frames = frames

    def pixels(self, read: VideoReading) -> torch.Tensor:
        results = dict(filename='a', label=-1, start_index=0, modality='RGB')
        results['total_frames'] = len(self.frames)
        for transform in read.transforms[1:]:
            if 'Decode' in type(transform).__name__:
                imgs = [self.frames[index] for index in np.asarray(results['frame_inds']).flatten()]
                results.update(imgs=imgs, original_shape=(48, 64), img_shape=(48, 64))
            else:
                results = transform(results)
        return results['inputs']


@pytest.mark.parametrize('name', ['img_{:05}.png', '{}.png', 'frame-{:03}.PNG', 'v1_{}_rgb.png'])
def test_a_folder_of_frames_is_its_video(tmp_path: Path, frames: np.ndarray, name: str) -> None:
    read = VideoReading(PIPELINE)
    folder = write_frames(tmp_path / 'frames', frames, name)
    (folder / '.DS_Store').touch()
    (folder / 'notes.txt').touch()
    (folder / 'flow_x_00001.jpg').touch()
    found = read(str(folder)).data['inputs']
    assert found.shape == (2, 3, 4, 32, 32)
    assert torch.equal(found, Frames(frames).pixels(read))


def test_a_pipeline_of_frames_reads_both(
    tmp_path: Path, frames: np.ndarray, write_video: object
) -> None:
    sample = dict(type='SampleFrames', clip_len=1, frame_interval=1, num_clips=4, test_mode=True)
    after = [dict(type='FormatShape', input_format='NCHW'), dict(type='PackActionInputs')]
    read = VideoReading([sample, dict(type='RawFrameDecode'), *after])
    folder = write_frames(tmp_path / 'frames', frames)
    assert torch.equal(read(str(folder)).data['inputs'], Frames(frames).pixels(read))
    video = write_video(tmp_path / 'clip.mp4', frames)
    assert read(str(video)).data['inputs'].shape == (4, 3, 48, 64)


def test_frames_are_sorted_by_number(tmp_path: Path) -> None:
    for number in (10, 9, 100, 1):
        (tmp_path / f'{number}.jpg').touch()
    names = [Path(path).stem for path in frames_of(str(tmp_path))]
    assert names == ['1', '9', '10', '100']


def test_unusable_folders_are_refused(tmp_path: Path, frames: np.ndarray) -> None:
    read = VideoReading(PIPELINE)
    write_frames(tmp_path / 'two', frames[:2], 'left_{}.png')
    write_frames(tmp_path / 'two', frames[:2], 'right_{}.png')
    write_frames(tmp_path / 'sizes', frames[:1], '{}.png')
    write_frames(tmp_path / 'sizes', np.zeros((2, 20, 30, 3), np.uint8), '1{}.png')
    write_frames(tmp_path / 'damaged', frames[:3])
    (tmp_path / 'damaged' / 'img_00002.png').write_bytes(b'\x89PNG')
    (tmp_path / 'none').mkdir()
    for name, message in (
        ('two', 'frames of 2 names (left_, right_)'),
        ('sizes', 'its frames differ in size (30 x 20, 64 x 48)'),
        ('damaged', 'cannot be read as an image'),
        ('none', 'it holds no videos and no frames'),
    ):
        with pytest.raises(VideoError) as error:
            read(str(tmp_path / name))
        assert message in str(error.value) and '\n' not in str(error.value)


def test_a_folder_of_videos_is_expanded(tmp_path: Path) -> None:
    for name in ('b.mp4', 'a.MP4', '.hidden.mp4', 'list.txt', 'clap/c.webm', 'clap/cover.jpg'):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    for name in ('wave/v1/img_1.jpg', 'wave/v2/img_1.jpg'):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).touch()
    (tmp_path / 'empty').mkdir()
    found = expand_folders([tmp_path, 'x.mp4', tmp_path / 'empty', tmp_path / 'wave' / 'v1'])
    places = ['a.MP4', 'b.mp4', 'clap/c.webm', 'wave/v1', 'wave/v2']
    expected = [str(tmp_path / place) for place in places]
    assert found == [*expected, 'x.mp4', str(tmp_path / 'empty'), str(tmp_path / 'wave' / 'v1')]


@pytest.mark.parametrize(
    ('video', 'message'),
    [
        ('0', '0: no such file, and cameras are not supported: record a file first (ffmpeg'),
        ('rtsp://camera/1', 'URLs are not supported: download the video first'),
        ('https://example.org/a.mp4', 'URLs are not supported'),
    ],
)
def test_cameras_and_addresses(video: str, message: str) -> None:
    with pytest.raises(VideoError) as error:
        VideoReading(PIPELINE)(video)
    assert message in str(error.value)


def test_a_file_called_0(tmp_path: Path, write_video: object, monkeypatch: object) -> None:
    monkeypatch.chdir(tmp_path)
    write_video(tmp_path / 'clip.mp4').rename(tmp_path / '0')
    assert VideoReading(PIPELINE)('0').data['inputs'].shape == (2, 3, 4, 32, 32)
