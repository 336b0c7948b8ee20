"""mmaction2's decoding transforms: its frames of intact files, errors for others."""

import io
import shutil
import time
from pathlib import Path
from types import SimpleNamespace

import av
import decord
import numpy as np
import pytest
from mmaction.datasets.transforms import DecordInit, PyAVDecodeMotionVector, loading
from mmaction.registry import TRANSFORMS
from mmengine.dataset import Compose

from actionclip_mm.datasets import UnreadableVideo
from actionclip_mm.datasets.transforms import host_decoders
from actionclip_mm.decoding import DECODERS

# an mp4 that was cut without re-encoding: its container declares more frames than it shows
TRIMMED = Path(__file__).resolve().parents[2] / 'data' / 'trimmed.mp4'
NAMES = sorted(
    name.removesuffix('Init')
    for name in vars(loading)
    if name.endswith('Init') and f'{name[:-4]}Decode' in vars(loading)
)


@pytest.fixture
def video(write_video, tmp_path):
    return write_video(tmp_path / 'clip.mp4')


def read(name: str, filename: object, frames: list[int], **decode: str) -> np.ndarray:
    def sample(results: dict) -> dict:
        return results | dict(frame_inds=np.array(frames))

    steps = [dict(type=f'{name}Init'), sample, dict(type=f'{name}Decode', **decode)]
    return np.stack(Compose(steps)(dict(filename=str(filename)))['imgs'])


def test_every_decoder_of_the_host_is_known() -> None:
    assert NAMES == ['Decord', 'OpenCV', 'PIMS', 'PyAV']


@pytest.mark.parametrize('name', NAMES)
def test_the_frames_are_those_of_the_host(name, video) -> None:
    reader = decord.VideoReader(io.BytesIO(video.read_bytes()))
    host = reader.get_batch(range(12)).asnumpy()
    assert np.array_equal(read(name, video, list(range(12))), host)


@pytest.mark.parametrize('name', NAMES)
def test_a_trimmed_file_does_not_hang_at_its_end(name) -> None:
    start = time.monotonic()
    results = TRANSFORMS.build(dict(type=f'{name}Init')).transform(dict(filename=str(TRIMMED)))
    total = results['total_frames']
    with av.open(str(TRIMMED)) as container:
        shown = [frame.to_ndarray(format='rgb24') for frame in container.decode(video=0)]
    assert total == len(shown)
    assert np.array_equal(read(name, TRIMMED, [total - 1])[0], shown[-1])
    with pytest.raises(IndexError, match=f'frames 0 to {total - 1}'):
        read(name, TRIMMED, [total])
    assert time.monotonic() - start < 30


@pytest.mark.parametrize('name', NAMES)
def test_the_next_decoder_replaces_one_that_hangs(name, video, monkeypatch) -> None:
    first = host_decoders.OPENERS.get(f'{name}Init', ('', 'decord'))[1]
    monkeypatch.setattr(host_decoders, 'TIME_LIMIT', 3.0)
    monkeypatch.setattr(DECODERS[first], 'read', lambda self, frames: time.sleep(60))
    start = time.monotonic()
    assert read(name, video, [3]).shape == (1, 48, 64, 3)
    assert time.monotonic() - start < 20


@pytest.mark.parametrize('name', NAMES)
def test_damaged_and_missing_files(name, tmp_path) -> None:
    bad = tmp_path / 'bad.mp4'
    bad.write_bytes(b'RIFF' + bytes(500))
    with pytest.raises(UnreadableVideo, match=r'bad\.mp4'):
        read(name, bad, [0])
    with pytest.raises(UnreadableVideo, match=r'gone\.mp4: there is no such file'):
        read(name, tmp_path / 'gone.mp4', [0])


@pytest.mark.parametrize('name', ['Decord', 'PyAV'])
def test_efficient_mode_gives_key_frames(name, video) -> None:
    with av.open(str(video)) as container:
        keys = [frame.key_frame for frame in container.decode(video=0)]
    frames = read(name, video, list(range(12)))
    fast = read(name, video, list(range(12)), mode='efficient')
    last = np.maximum.accumulate(np.where(keys, np.arange(12), 0))
    assert np.array_equal(fast, frames[last])


def test_files_on_other_storage(video) -> None:
    client = SimpleNamespace(get=lambda name: video.read_bytes())
    opener = DecordInit(io_backend='memory')
    opener.file_client = client
    reader = opener.transform(dict(filename='s3://bucket/clip.mp4'))['video_reader']
    assert np.array_equal(np.stack(reader.read([0, 5])), read('Decord', video, [0, 5]))
    client.get = lambda name: b'RIFF' + bytes(500)
    with pytest.raises(UnreadableVideo, match='s3://bucket/clip.mp4'):
        opener.transform(dict(filename='s3://bucket/clip.mp4'))


def test_motion_vectors_still_come_from_pyav(video) -> None:
    results = TRANSFORMS.build(dict(type='PyAVInit')).transform(dict(filename=str(video)))
    results['frame_inds'] = np.array([0, 3])
    vectors = PyAVDecodeMotionVector().transform(results)['motion_vectors']
    assert vectors.shape == (2, 48, 64, 2)


def test_names_without_suffix(video, tmp_path) -> None:
    expected = read('Decord', video, [0])
    assert np.array_equal(read('Decord', tmp_path / 'clip', [0]), expected)  # the host adds .mp4
    shutil.copy(video, tmp_path / 'bare')
    assert np.array_equal(read('Decord', tmp_path / 'bare', [0]), expected)


def test_a_repaired_host_is_left_alone(monkeypatch) -> None:
    def repaired(self: object, filename: str) -> object:
        return SimpleNamespace()

    monkeypatch.setattr(DecordInit, '_get_video_reader', repaired)
    for name in ('PyAVInit', 'PIMSInit', 'OpenCVInit', *host_decoders.DECODES):
        kind = getattr(loading, name)
        monkeypatch.setattr(kind, 'transform', kind.transform)  # as before, after this test
    vectors = loading.PyAVDecodeMotionVector
    monkeypatch.setattr(vectors, 'transform', vectors.transform)
    host_decoders.limit_time_of_host_decoders.replace()
    assert DecordInit._get_video_reader is repaired
