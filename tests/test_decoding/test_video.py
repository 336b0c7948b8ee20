"""The chain of decoders: fallback, time limit and errors."""

import pickle
import re
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType

import av
import numpy as np
import pytest

from actionclip_mm.decoding import DECODERS, UnreadableVideo, Video, check_decoders
from actionclip_mm.decoding.frame_readers import FrameReader


class Failing(FrameReader):
    """A decoder that opens a video, and fails on its frames."""

    package = distribution = 'numpy'

    def read(self, frame_inds: Sequence[int]) -> list[np.ndarray]:
        raise RuntimeError(
            '[10:00:00] /src/a.cc:1: Check failed: x > 0 (-1 vs. 0) Lost. Hint\nmore'
        )


class Lossy(Failing):
    """A decoder that loses most frames."""

    def read(self, frame_inds: Sequence[int]) -> list[np.ndarray]:
        self.missing = list(frame_inds[:-1])
        return [np.zeros((4, 4, 3), np.uint8)] * len(frame_inds)


class Sleeping(Failing):
    """A decoder that hangs."""

    def read(self, frame_inds: Sequence[int]) -> list[np.ndarray]:
        time.sleep(3)
        return []


@pytest.fixture(autouse=True)
def fakes(monkeypatch: pytest.MonkeyPatch) -> None:
    fakes = dict(failing=Failing, lossy=Lossy, sleeping=Sleeping, hanging=Sleeping)
    for name, reader in fakes.items():
        monkeypatch.setitem(DECODERS, name, reader)


@pytest.fixture
def path(numbered_video: Callable[[str], str]) -> str:
    return numbered_video('h264.mp4')


def test_the_next_decoder_takes_over(path: str, numbered: ModuleType) -> None:
    video = Video(path, ('failing', 'lossy', 'pyav'))
    assert [numbered.number_of(frame) for frame in video.read([31, 7, 9])] == [31, 7, 9]
    assert video.decoder == 'pyav'


def test_the_error_names_the_reason_of_each_decoder(path: str) -> None:
    with pytest.raises(UnreadableVideo) as error:
        Video(path, ('failing', 'lossy')).read([3, 5, 5, 8])
    assert str(error.value) == (
        f'{path}: its frames cannot be decoded '
        '(failing: Lost; lossy: it decodes 1 of 3 requested frames)'
    )
    assert str(pickle.loads(pickle.dumps(error.value))) == str(error.value)


def test_frames_in_any_order_and_shape_of_indices(path: str, numbered: ModuleType) -> None:
    frames = Video(path).read(np.array([[5, 5, 2], [39, 0, 2]]))
    assert [numbered.number_of(frame) for frame in frames] == [5, 5, 2, 39, 0, 2]


@pytest.mark.parametrize('wrong', [-1, 40])
def test_an_index_out_of_range(path: str, wrong: int) -> None:
    with pytest.raises(IndexError, match=f'has frames 0 to 39, but frame {wrong} was requested'):
        Video(path).read([3, wrong])


def test_names_of_decoders(monkeypatch: pytest.MonkeyPatch) -> None:
    assert check_decoders(['opencv', 'pyav']) == ('opencv', 'pyav')
    assert check_decoders('pyav') == ('pyav',)
    with pytest.raises(
        ValueError, match="unknown decoder 'ffmpeg'; choose from decord, pyav, opencv"
    ):
        check_decoders(['ffmpeg'])
    with pytest.raises(ValueError, match='must name one or more of decord'):
        check_decoders([])
    with pytest.raises(ValueError, match='each once'):
        check_decoders(['pyav', 'pyav'])
    monkeypatch.setattr(DECODERS['decord'], 'package', 'no_such_package')
    with pytest.raises(ValueError, match=r"'decord' is not installed; .*pip install decord"):
        check_decoders(['decord', 'pyav'])


def test_the_next_decoder_runs_if_one_hangs(path: str, numbered: ModuleType) -> None:
    video = Video(path, ('sleeping', 'pyav'), time_limit=2)
    assert [numbered.number_of(frame) for frame in video.read([31, 7])] == [31, 7]
    assert video.decoder == 'pyav'


def test_decoders_that_hang_share_the_time_limit(path: str) -> None:
    start = time.monotonic()
    with pytest.raises(UnreadableVideo) as error:
        Video(path, ('sleeping', 'failing', 'hanging'), time_limit=0.9).read([1])
    assert time.monotonic() - start < 2.5
    pattern = (
        r'sleeping: not done after (\S+) seconds; failing: Lost; hanging: not done after (\S+) s'
    )
    first, last = map(float, re.search(pattern, str(error.value)).groups())
    assert 0 < first <= 0.3  # a third of what the list of frames left
    assert 0 < last <= 0.9 - first


def test_indexing_that_hangs(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from actionclip_mm.decoding import video

    monkeypatch.setattr(video, 'cached_index', lambda *_: time.sleep(3))
    with pytest.raises(UnreadableVideo, match='its list of frames was not done after 0.2 sec'):
        Video(path, time_limit=0.2)


def test_a_lost_frame_is_replaced_by_the_one_before(numbered: ModuleType, tmp_path: Path) -> None:
    """Decord gives up here; PyAV loses one frame, and the others keep their indices."""
    path = numbered.write_numbered(tmp_path / 'damaged.mp4', gop=1, frames=8)
    with av.open(str(path)) as container:
        places = [packet.pos for packet in container.demux(video=0) if packet.size]
    content = bytearray(path.read_bytes())
    content[places[5] : places[5] + 4] = b'\xff' * 4  # how long the data of frame 5 are
    path.write_bytes(content)
    with pytest.raises(UnreadableVideo, match='decord: .*Error sending packet'):
        Video(str(path), ('decord',)).read(range(8))
    video = Video(str(path))
    for _ in range(2):
        frames = video.read(range(8))
        assert [numbered.number_of(frame) for frame in frames] == [0, 1, 2, 3, 4, 4, 6, 7]
        assert video.decoder == 'pyav' and video.missing == 1


@pytest.mark.parametrize('name', ['mjpeg.avi', 'h264.mkv', 'h264.ts', 'mpeg2.mpg'])
@pytest.mark.parametrize('decoder', ['pyav', 'opencv', 'all'])
def test_truncated_files(
    name: str,
    decoder: str,
    numbered_video: Callable[[str], str],
    numbered: ModuleType,
    tmp_path: Path,
) -> None:
    """The remaining frames are read."""
    content = Path(numbered_video(name)).read_bytes()
    path = tmp_path / name
    path.write_bytes(content[: int(len(content) * 0.6)])
    video = Video(str(path), ('decord', 'pyav', 'opencv') if decoder == 'all' else (decoder,))
    total = len(video.index)
    assert 8 <= total < 40
    asked = [5, total // 2, total - 3]
    assert [numbered.number_of(frame) for frame in video.read(asked)] == asked
    assert video.missing == 0


def test_half_a_frame_at_the_end_is_not_counted(
    numbered_video: Callable[[str], str], numbered: ModuleType, tmp_path: Path
) -> None:
    content = Path(numbered_video('h264_fragments.mp4')).read_bytes()
    path = tmp_path / 'part.mp4'
    path.write_bytes(content[: int(len(content) * 0.6)])
    video = Video(str(path))
    assert 8 <= len(video.index) < 40
    frames = video.read(range(len(video.index)))
    assert [numbered.number_of(frame) for frame in frames] == list(range(len(video.index)))
    assert video.missing == 0


def test_real_videos() -> None:
    folder = Path(__file__).resolve().parents[3] / 'shared' / 'videos'
    if not folder.is_dir():
        pytest.skip('the real videos are not next to this checkout')
    totals = dict(arm_wrestling=280, flipping_pancake=310, applying_eye_makeup=164)
    for path in folder.iterdir():
        if path.stem in totals:
            asked = [3, 150, totals[path.stem] - 1]
            assert len(Video(str(path)).index) == totals[path.stem]
            first, *others = (
                Video(str(path), (decoder,)).read(asked)
                for decoder in DECODERS
                if decoder in ('pyav', 'opencv')
                or (decoder == 'decord' and Video(str(path)).index.seekable_by_count)
            )
            for other in others:
                assert all(np.array_equal(a, b) for a, b in zip(first, other, strict=True))


def test_real_damaged_video() -> None:
    """Decord gives up; PyAV loses one frame of fifty."""
    path = Path(__file__).resolve().parents[3] / 'shared' / 'videos' / 'corrupted.mp4'
    if not path.is_file():
        pytest.skip('the real videos are not next to this checkout')
    with pytest.raises(UnreadableVideo, match='decord: Thread worker: Error sending packet'):
        Video(str(path), ('decord',)).read([0, 25, 49])
    video = Video(str(path))
    assert len(video.read([0, 25, 49])) == 3 and video.decoder == 'pyav'
