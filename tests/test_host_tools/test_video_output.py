"""Videos and GIFs come out without moviepy, with the colours that went in."""

from pathlib import Path

import av
import numpy as np
import pytest
from mmaction.visualization.video_backend import LocalVisBackend
from PIL import Image

from actionclip_mm.compat import Fix
from actionclip_mm.host_tools import video_output


@pytest.fixture
def frames() -> np.ndarray:
    """Five frames with odd sides, in the host's BGR: red that becomes brighter."""
    frames = np.zeros((5, 33, 47, 3), np.uint8)
    frames[..., 2] = np.arange(50, 250, 40)[:, None, None]
    return frames


def test_video(frames: np.ndarray, tmp_path: Path) -> None:
    LocalVisBackend(str(tmp_path)).add_video('a.avi', frames, fps=10, out_type='video')
    with av.open(str(tmp_path / 'a.mp4')) as container:
        written = [frame.to_ndarray(format='rgb24') for frame in container.decode(video=0)]
        assert container.streams.video[0].average_rate == 10
    assert len(written) == 5
    assert written[0].shape == (32, 46, 3)
    means = np.array([frame.mean(axis=(0, 1)) for frame in written])
    np.testing.assert_allclose(means, frames[:, 0, 0, ::-1], atol=12)


def test_gif(frames: np.ndarray, tmp_path: Path) -> None:
    LocalVisBackend(str(tmp_path)).add_video('a.mp4', frames, fps=10, out_type='gif')
    with Image.open(tmp_path / 'a.gif') as picture:
        assert picture.n_frames == 5
        assert picture.info['duration'] == 100
        assert picture.convert('RGB').getpixel((5, 5)) == (50, 0, 0)


def test_pictures_as_the_host_writes_them(frames: np.ndarray, tmp_path: Path) -> None:
    LocalVisBackend(str(tmp_path)).add_video('a', frames)
    assert len(list((tmp_path / 'a' / 'frames_0').glob('*.png'))) == 5


def test_left_alone_where_moviepy_is_old_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    host = object()
    monkeypatch.setattr(LocalVisBackend, 'add_video', host)
    monkeypatch.setattr(video_output, 'has_moviepy_editor', lambda: True)
    fix = video_output.write_videos_without_moviepy
    Fix(fix.replace, fix.look)()
    assert LocalVisBackend.add_video is host
    monkeypatch.setattr(video_output, 'has_moviepy_editor', lambda: False)
    Fix(fix.replace, fix.look)()
    assert LocalVisBackend.add_video is not host
