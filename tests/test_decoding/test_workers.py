"""Decoding in the worker processes of a DataLoader, after decoding in their parent."""

import re
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from mmengine.dataset import Compose
from torch.utils.data import DataLoader, Dataset

from actionclip_mm.datasets.transforms import VideoDecode, VideoInit
from actionclip_mm.decoding import DECODERS, UnreadableVideo
from actionclip_mm.decoding.frame_readers import FrameReader

pytestmark = pytest.mark.slow

SECONDS = 40  # after which a loader gives up waiting for its workers


class Sleeper(FrameReader):
    """A decoder that hangs."""

    package = distribution = 'av'

    def read(self, frame_inds: Sequence[int]) -> list[np.ndarray]:
        threading.Event().wait()
        raise AssertionError


class Clips(Dataset):
    """Eight frames of a video, or what VideoDecode says of it."""

    def __init__(self, path: Path, decoders: Sequence[str], time_limit: float) -> None:
        sample = dict(type='UniformSample', clip_len=4, num_clips=2, test_mode=True)
        init = VideoInit(decoders=decoders, time_limit=time_limit)
        self.path = str(path)
        self.pipeline = Compose([init, sample, VideoDecode()])

    def __len__(self) -> int:
        return 4

    def __getitem__(self, _: int) -> np.ndarray | str:
        request = dict(filename=self.path, label=0, start_index=0, modality='RGB')
        try:
            return np.stack(self.pipeline(request)['imgs'])
        except UnreadableVideo as error:
            return str(error)

    def by_workers(self) -> list:
        loader = DataLoader(
            self,
            batch_size=None,
            num_workers=2,
            timeout=SECONDS,
            multiprocessing_context='fork',
            collate_fn=lambda item: item,
        )
        return list(loader)


@pytest.fixture
def path(tmp_path: Path, write_video: Callable) -> Path:
    return write_video(tmp_path / 'clip.mp4')


@pytest.mark.parametrize('decoders', [*((name,) for name in DECODERS), tuple(DECODERS)])
def test_workers_give_the_frames_of_their_parent(path: Path, decoders: tuple[str, ...]) -> None:
    clips = Clips(path, decoders, SECONDS)
    expected = clips[0]
    for _ in range(3):
        got = clips.by_workers()
        assert len(got) == 4
        assert all(np.array_equal(item, expected) for item in got)


def test_a_video_that_hangs_blocks_no_worker(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(DECODERS, 'sleeper', Sleeper)
    clips = Clips(path, ['sleeper'], 0.3)
    message = re.compile(rf'{path}: .*\(sleeper: not done after 0\.[23]\d* seconds\)')
    assert message.fullmatch(clips[0])  # leaves a thread that hangs in the parent, too
    start = time.monotonic()
    assert [bool(message.fullmatch(item)) for item in clips.by_workers()] == [True] * 4
    assert time.monotonic() - start < SECONDS  # the loader waits until its workers have ended
