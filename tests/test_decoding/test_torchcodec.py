"""The optional decoder: right frames or none, and never used unless it is named."""

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from actionclip_mm.decoding import UnreadableVideo, Video, check_decoders

LOADS = 'import av, torchcodec.decoders'


@pytest.fixture(scope='module')
def torchcodec() -> None:
    if importlib.util.find_spec('torchcodec') is None:
        pytest.skip('torchcodec is not installed')
    done = subprocess.run(
        [sys.executable, '-c', f'{LOADS}; torchcodec.decoders.VideoDecoder'], capture_output=True
    )
    if done.returncode:
        pytest.skip('torchcodec finds no FFmpeg on the library path')


@pytest.mark.usefixtures('torchcodec')
def test_its_frames_are_those_of_pyav(numbered_folder: Path, numbered: ModuleType) -> None:
    read = 0
    for path in sorted(numbered_folder.iterdir()):
        if path.suffix == '.skipped':
            continue
        video, other = (Video(str(path), (name,)) for name in ('torchcodec', 'pyav'))
        asked = list(range(0, len(video.index), 3))
        try:
            frames = video.read(asked)
        except UnreadableVideo as error:
            assert 'torchcodec' in str(error)
            continue
        read += 1
        for frame, expected in zip(frames, other.read(asked), strict=True):
            assert frame.shape == expected.shape, path.name
            assert np.abs(frame.astype(int) - expected).mean() <= 2.6, path.name
    assert read > 20


def test_it_is_not_required(numbered_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, 'find_spec', lambda name: None if name == 'torchcodec' else find(name)
    )
    assert 'torchcodec' not in Video(str(numbered_folder / 'h264.mp4')).decoders
    with pytest.raises(
        ValueError, match=r"'torchcodec' is not installed; .*pip install torchcodec"
    ):
        check_decoders(['torchcodec', 'pyav'])
