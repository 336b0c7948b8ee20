"""Probe video files."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from actionclip_mm.decoding.probe import ProbeResult, probe_video


def test_a_good_video(tmp_path: Path, write_video: Callable) -> None:
    path = str(write_video(tmp_path / 'good.mp4'))
    expected = dict(frames=12, fps=10.0, size=(48, 64), header_frames=12)
    assert probe_video(path) == ProbeResult(path, decoder='pyav', **expected)
    assert probe_video(path, ['opencv']) == ProbeResult(path, decoder='opencv', **expected)


def test_one_frame(tmp_path: Path, write_video: Callable) -> None:
    result = probe_video(str(write_video(tmp_path / 'one.mp4', np.full((1, 32, 32, 3), 50))))
    assert result.frames == 1 and result.error is None


def test_bad_ones(tmp_path: Path, write_video: Callable) -> None:
    (tmp_path / 'text.mp4').write_text('no video')
    for name, message in {'text.mp4': 'is a text file', 'gone.mp4': 'no such file'}.items():
        result = probe_video(str(tmp_path / name))
        assert message in result.error and '\n' not in result.error
        assert result.frames == 0 and result.decoder is None
