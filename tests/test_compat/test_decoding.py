"""DecordInit opens files by their path: the same frames, and damaged files are errors."""

import io
import shutil
from types import SimpleNamespace

import decord
import numpy as np
import pytest
from mmaction.datasets.transforms import DecordInit

from actionclip_mm.compat import decoding


@pytest.fixture
def video(write_video, tmp_path):
    return write_video(tmp_path / 'clip.mp4')


def read(filename: object) -> np.ndarray:
    results = DecordInit().transform(dict(filename=str(filename)))
    return frames_of(results['video_reader'])


def frames_of(reader: decord.VideoReader) -> np.ndarray:
    return reader.get_batch(range(len(reader))).asnumpy()


def test_the_frames_are_those_of_the_hosts_way(video) -> None:
    frames = read(video)
    assert frames.shape == (12, 48, 64, 3)
    assert np.array_equal(frames, frames_of(decord.VideoReader(io.BytesIO(video.read_bytes()))))


def test_names_without_suffix(video, tmp_path) -> None:
    assert np.array_equal(read(tmp_path / 'clip'), read(video))  # the host's way: adds .mp4
    shutil.copy(video, tmp_path / 'bare')
    assert np.array_equal(read(tmp_path / 'bare'), read(video))


def test_a_missing_file(tmp_path) -> None:
    with pytest.raises(FileNotFoundError, match=r'no video file .*gone\.mp4'):
        read(tmp_path / 'gone.mp4')


def test_a_repaired_host_is_left_alone(monkeypatch) -> None:
    def repaired(self: object, filename: str) -> object:
        return SimpleNamespace()

    monkeypatch.setattr(DecordInit, '_get_video_reader', repaired)
    decoding.decord_from_memory()
    assert DecordInit._get_video_reader is repaired
