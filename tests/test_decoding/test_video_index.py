"""Frame index, and one-line errors for files without frames."""

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import av
import numpy as np
import pytest

from actionclip_mm.decoding import UnreadableVideo, Video, read_index


def refused(path: Path) -> str:
    """Error of a file without its path."""
    with pytest.raises(UnreadableVideo) as error:
        read_index(str(path))
    path_first, _, message = str(error.value).partition(': ')
    assert path_first == str(path)
    return message


def test_files_without_a_video_are_refused(
    no_videos: dict[Path, str], capfd: pytest.CaptureFixture
) -> None:
    assert {path: refused(path) for path in no_videos} == no_videos
    assert 'no video\n' not in capfd.readouterr().err


def test_a_header_with_too_many_frames_is_ignored(
    numbered_video: Callable[[str], str], tmp_path: Path
) -> None:
    whole = Path(numbered_video('mjpeg.avi')).read_bytes()
    (tmp_path / 'part.avi').write_bytes(whole[: len(whole) // 2])
    index = read_index(str(tmp_path / 'part.avi'))
    assert index.header_frames == 40
    assert 10 < len(index) < 30
    assert not index.seekable_by_count


def test_mp4_without_its_table_of_frames(
    numbered_video: Callable[[str], str], tmp_path: Path
) -> None:
    whole = Path(numbered_video('h264.mp4')).read_bytes()  # the table is at the end
    (tmp_path / 'part.mp4').write_bytes(whole[: len(whole) // 2])
    assert refused(tmp_path / 'part.mp4') == 'it is not a video file, or its header is damaged'


def test_fragments_without_frames(tmp_path: Path, numbered_video: Callable[[str], str]) -> None:
    whole = Path(numbered_video('h264_fragments.mp4')).read_bytes()
    (tmp_path / 'header.mp4').write_bytes(whole[: whole.index(b'moof') - 4])
    assert refused(tmp_path / 'header.mp4') == 'it has no frames'


def test_times_and_rate(numbered_video: Callable[[str], str]) -> None:
    index = read_index(numbered_video('h264.mp4'))
    assert index.fps == 10 and index.size == (64, 80) and index.timed and index.seekable_by_count
    assert len(index.times) == 40 and (np.diff(index.times) > 0).all()
    assert set(index.key_times) < set(index.times)
    pauses = read_index(numbered_video('h264_pauses.mkv'))
    assert len(set(np.diff(pauses.times))) == 2
    cut = read_index(numbered_video('h264_cut.mp4'))
    assert len(cut) == 35 and cut.times.min() == 0


def test_the_first_of_several_streams(tmp_path: Path, numbered: ModuleType) -> None:
    """Decord does not take the first stream in some containers, so it is skipped."""
    path = tmp_path / 'two.mp4'
    with av.open(str(path), 'w') as container:
        streams = []
        for height, width in ((64, 80), (128, 160)):
            stream = container.add_stream('mpeg4', rate=10)
            stream.height, stream.width = height, width
            streams.append(stream)
        for number in range(6):
            for stream in streams:
                pixels = numbered.frame_of(number, stream.height, stream.width)
                container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format='rgb24')))
        for stream in streams:
            container.mux(stream.encode())
    index = read_index(str(path))
    assert index.size == (64, 80) and not index.seekable_by_count
    for decoder in ('pyav', 'opencv'):
        assert Video(str(path), (decoder,)).read([4])[0].shape == (64, 80, 3)


def test_a_cover_before_the_video(tmp_path: Path, numbered: ModuleType) -> None:
    """OpenCV would read the cover picture as the video, so it is skipped."""
    path = str(numbered.cover_first(numbered.write_numbered(tmp_path / 'a.mp4', cover=True)))
    with av.open(path) as container:
        assert [stream.width for stream in container.streams.video] == [96, 80]
    index = read_index(path)
    assert len(index) == 40 and index.size == (64, 80) and not index.leads
    for decoder in ('decord', 'opencv'):
        with pytest.raises(UnreadableVideo, match=f'cannot be decoded .{decoder}: '):
            Video(path, (decoder,)).read([0])
    video = Video(path)
    assert [numbered.number_of(frame) for frame in video.read([0, 31])] == [0, 31]
    assert video.decoder == 'pyav'
