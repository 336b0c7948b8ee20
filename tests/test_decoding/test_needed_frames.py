"""Decoding only what requested frames need gives the frames and pixels of decoding everything."""

from collections.abc import Sequence
from pathlib import Path

import av
import numpy as np
import pytest

from actionclip_mm.decoding import DECODERS, UnreadableVideo, Video, needed_frames, read_index
from actionclip_mm.decoding.video import SAME_PIXELS, fastest_decoders

# how H.264 may refer from frame to frame, as options of x264
REFERENCES = {
    'no B-frames': 'bframes=0',
    'pyramid': 'bframes=7:b-adapt=0:b-pyramid=normal',
    'strict pyramid': 'bframes=3:b-adapt=0:b-pyramid=strict',
    'no pyramid': 'bframes=3:b-adapt=0:b-pyramid=none',
    'many references': 'bframes=3:b-adapt=0:ref=8:weightp=2:weightb=1',
    'open groups': 'bframes=3:b-adapt=0:open-gop=1:keyint=12:min-keyint=12:scenecut=0',
    'intra refresh': 'intra-refresh=1:keyint=12',
    'slices': 'slices=4:bframes=3:b-adapt=0',
    'no filter': 'no-deblock=1:bframes=3:b-adapt=0',
    'interlaced': 'interlaced=1:tff=1:bframes=3:b-adapt=0',
}
# kinds of pictures: pixel format, height and width, options of x264
PICTURES = {
    **{pixels: (pixels, (48, 64), '') for pixels in SAME_PIXELS},
    **{f'{h}x{w}': ('yuv420p', (h, w), '') for h, w in ((34, 70), (50, 66), (256, 340))},
    **{
        f'{matrix} {word}': ('yuv420p', (48, 64), f'colormatrix={matrix}{full}')
        for matrix in ('bt709', 'smpte170m', 'bt470bg', 'bt2020nc', 'fcc', 'YCgCo')
        for word, full in (('limited', ''), ('full', ':fullrange=on'))
    },
    'interlaced': ('yuv420p', (48, 64), 'interlaced=1:tff=1'),
    'odd': ('yuv444p', (47, 63), ''),
    '10 bits': ('yuv420p10le', (48, 64), ''),
}


def write_noise(
    path: Path,
    params: str = '',
    pixels: str = 'yuv420p',
    size: tuple[int, int] = (48, 64),
    frames: int = 60,
    gop: int = 25,
) -> Path:
    """Encode noise that moves, so that a frame of another decoding differs in all its pixels."""
    still = np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8)
    with av.open(str(path), 'w') as container:
        stream = container.add_stream('libx264', rate=10)
        stream.height, stream.width = size
        stream.pix_fmt, stream.gop_size = pixels, gop
        stream.options = {'preset': 'veryfast', 'crf': '24', 'x264-params': params}
        for number in range(frames):
            moved = np.roll(still, (number, 3 * number), (0, 1))
            frame = av.VideoFrame.from_ndarray(moved, format='rgb24')
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def assert_same(first: Sequence[np.ndarray], second: Sequence[np.ndarray]) -> None:
    assert len(first) == len(second)
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


def samples(total: int) -> list[list[int]]:
    """One frame, few, neighbours, all."""
    some = np.random.default_rng(1).integers(0, total, 6).tolist()
    return [[total // 2], sorted(some), [total - 2, total - 1][-total:], list(range(total))]


def assert_only_needed_changes_nothing(path: str) -> None:
    for asked in samples(len(read_index(path))):
        ours, plain = (Video(path, ('pyav',), only_needed=needed) for needed in (True, False))
        assert_same(ours.read(asked), plain.read(asked))
        assert ours.missing == plain.missing


@pytest.mark.parametrize('threads', [1, 2])
@pytest.mark.parametrize('kind', REFERENCES)
def test_every_way_to_refer(kind: str, threads: int, tmp_path: Path) -> None:
    path = str(write_noise(tmp_path / 'noise.mp4', REFERENCES[kind]))
    assert_only_needed_changes_nothing(path)
    asked = [7, 8, 31, 58]
    threaded = Video(path, ('pyav',), num_threads=threads).read(asked)
    assert_same(threaded, Video(path, ('pyav',), only_needed=False).read(asked))


@pytest.mark.parametrize('kind', PICTURES)
def test_the_default_order_has_the_pixels_of_decord(kind: str, tmp_path: Path) -> None:
    """Decord was first until 0.2: training must not see other pixels."""
    pixels, size, params = PICTURES[kind]
    path = str(write_noise(tmp_path / 'a.mp4', params, pixels, size, frames=8, gop=4))
    assert_same(Video(path).read(range(8)), Video(path, ('decord',)).read(range(8)))


def test_the_order_by_kind(tmp_path: Path) -> None:
    expected = {'yuv420p': 'pyav', '256x340': 'pyav', 'odd': 'decord', '10 bits': 'decord'}
    for kind, first in expected.items():
        pixels, size, _ = PICTURES[kind]
        index = read_index(str(write_noise(tmp_path / f'{kind}.mp4', '', pixels, size, frames=2)))
        assert fastest_decoders(index)[0] == first, kind
        assert sorted(fastest_decoders(index)) == sorted(DECODERS)


def test_frames_between_are_not_decoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = str(write_noise(tmp_path / 'a.mp4', REFERENCES['no pyramid']))
    decoded: list[int] = []
    checked = needed_frames._Group._checked

    def counted(self: needed_frames._Group, frames: list) -> list:
        decoded.extend(frame.pts for frame in frames)
        return checked(self, frames)

    monkeypatch.setattr(needed_frames._Group, '_checked', counted)
    times = read_index(path).times
    Video(path, ('pyav',)).read([20])
    assert len(decoded) <= 8 and times[20] in decoded  # every fourth of 21, and frame 20
    decoded.clear()
    Video(path, ('pyav',)).read([2, 52])
    assert len(decoded) <= 6 and not any(times[10] < time < times[50] for time in decoded)


def test_a_damaged_file_is_decoded_frame_by_frame(tmp_path: Path) -> None:
    """What stands in for a lost frame is the frame before it, which is often not needed."""
    path = write_noise(tmp_path / 'a.mp4', REFERENCES['no pyramid'])
    with av.open(str(path)) as container:
        places = [(packet.pos, packet.size) for packet in container.demux(video=0) if packet.size]
    content = bytearray(path.read_bytes())
    for number in (4, 9, 30):
        start, size = places[number]
        content[start : start + min(size, 40)] = b'\xff' * min(size, 40)
    path.write_bytes(content)
    for asked in ([5], [3, 4, 5], [7, 31, 55], list(range(40))):
        answers = []
        for needed in (True, False):
            video = Video(str(path), ('pyav',), only_needed=needed)
            try:
                answers.append((np.stack(video.read(asked)).tobytes(), video.missing))
            except UnreadableVideo as error:
                answers.append((str(error), 0))
        assert answers[0] == answers[1]


def test_fast_is_close(tmp_path: Path) -> None:
    """Blocking artefacts stay, and add up from key frame to key frame."""
    path = str(write_noise(tmp_path / 'a.mp4', size=(128, 160)))
    exact, fast = Video(path), Video(path, fast=True)
    mean, _ = differences(exact, fast)
    assert 0 < mean < 1
    assert fast.decoder == 'pyav'
    assert Video(path, ('decord', 'pyav'), fast=True).decoders == ('decord', 'pyav')


def differences(first: Video, second: Video) -> tuple[float, int]:
    """Largest mean difference of a frame, and largest difference of a pixel."""
    asked = np.linspace(0, len(first.index) - 1, 16).astype(int)
    pairs = zip(first.read(asked), second.read(asked), strict=True)
    frames = [np.abs(frame.astype(int) - other) for frame, other in pairs]
    return max(frame.mean() for frame in frames), max(frame.max() for frame in frames)


def test_fast_is_close_for_real_videos() -> None:
    folder = Path(__file__).resolve().parents[3] / 'shared' / 'videos'
    if not folder.is_dir():
        pytest.skip('the real videos are not next to this checkout')
    for name in ('arm_wrestling.mp4', 'flipping_pancake.mkv', 'cleaning_pool.mp4'):
        path = str(folder / name)
        mean, largest = differences(Video(path), Video(path, fast=True))
        assert 0 < mean < 6 and largest < 64, name  # measured: 4.6 and 46


def test_the_real_videos() -> None:
    folder = Path(__file__).resolve().parents[3] / 'shared' / 'videos'
    if not folder.is_dir():
        pytest.skip('the real videos are not next to this checkout')
    for path in sorted(folder.iterdir()):
        if path.suffix in ('.mp4', '.avi', '.mkv') and path.stem != 'corrupted':
            total = len(read_index(str(path)))
            asked = np.linspace(0, total - 1, 8).astype(int)
            ours = Video(str(path)).read(asked)
            assert_same(ours, Video(str(path), tuple(DECODERS)).read(asked))
            assert_same(ours, Video(str(path), ('pyav',), only_needed=False).read(asked))
