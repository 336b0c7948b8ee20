"""Frames at a constant rate: which ones, how often decoded, and what is refused."""

import numpy as np
import pytest

from actionclip_mm.decoding import UnreadableVideo, streaming
from actionclip_mm.decoding.streaming import frames_at_rate
from actionclip_mm.utils.live_sources import is_live


def steps(count):
    """Frames whose brightness is their number."""
    return np.broadcast_to(8 * np.arange(count)[:, None, None, None], (count, 32, 32, 3))


@pytest.fixture
def video(write_video, tmp_path):
    return str(write_video(tmp_path / 'steps.mp4', steps(30), fps=10))


def shown(frames):
    return [round(frame.image.mean() / 8) for frame in frames]


@pytest.mark.parametrize('rate', [1, 2.5, 4, 10, 25])
@pytest.mark.parametrize('offset', [0.0, 0.5])
def test_the_frame_shown_at_each_time(video, rate, offset):
    frames = list(frames_at_rate(video, rate, offset))
    times = [(k + offset) / rate for k in range(len(frames))]
    assert [frame.seconds for frame in frames] == pytest.approx(times)
    # a video of 3 seconds at 10 frames per second
    assert times[-1] < 3 <= times[-1] + 1 / rate + 1e-9
    assert shown(frames) == [int(time * 10 + 1e-6) for time in times]


def test_it_can_stop_early_and_leaves_the_file(video):
    assert len(list(frames_at_rate(video, 10, 0.5, max_seconds=1.0))) == 10
    frames = frames_at_rate(video, 10)
    next(frames)
    frames.close()


def test_frames_are_decoded_once_and_converted_at_most_once(video, monkeypatch):
    counts = dict(decoded=0, converted=0)
    init, image = streaming._Frame.__init__, streaming._Frame.image

    def counting_init(self, *args):
        counts['decoded'] += 1
        init(self, *args)

    def counting_image(self):
        counts['converted'] += self._image is None
        return image(self)

    monkeypatch.setattr(streaming._Frame, '__init__', counting_init)
    monkeypatch.setattr(streaming._Frame, 'image', counting_image)
    assert len(list(frames_at_rate(video, 25))) == 75
    assert counts == dict(decoded=30, converted=30)
    counts.update(decoded=0, converted=0)
    assert len(list(frames_at_rate(video, 1))) == 3
    assert counts == dict(decoded=30, converted=3)


def test_a_truncated_file_gives_what_it_holds(write_video, tmp_path):
    path = write_video(tmp_path / 'cut.ts', np.tile(steps(30), (10, 1, 1, 1)), fps=10)
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    assert 100 < len(shown(frames_at_rate(str(path), 10))) < 300


@pytest.mark.parametrize(
    'source, live',
    [('0', True), ('/dev/video1', True), ('rtsp://host/a', True), ('a.mp4', False), ('x0', False)],
)
def test_cameras_and_addresses(source, live, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert is_live(source) == live


def test_a_file_named_as_a_number_is_a_file(write_video, tmp_path, monkeypatch):
    write_video(tmp_path / 'clip.mp4', steps(3)).rename(tmp_path / '0')
    monkeypatch.chdir(tmp_path)
    assert not is_live('0') and shown(frames_at_rate('0', 10, 0.0)) == [0, 1, 2]


@pytest.mark.parametrize('source', ['9', 'rtsp://127.0.0.1:1/a', 'missing.mp4', 'text.mp4'])
def test_what_cannot_be_opened(source, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'text.mp4').write_text('text')
    with pytest.raises(UnreadableVideo, match=source):
        next(frames_at_rate(source, 1))
