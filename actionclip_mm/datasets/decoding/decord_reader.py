"""Frames through decord, of videos in which decord finds them."""

from collections.abc import Sequence

import numpy as np
import torch  # noqa: F401  decord crashes where it is loaded before torch

from .reader import CannotSeek, FrameReader


class DecordReader(FrameReader):
    """Decord: fast, but silent about wrong frames where it cannot find the right ones.

    It therefore declines videos that are not ``seekable_by_count``.
    """

    package = distribution = 'decord'

    def read(self, frame_inds: Sequence[int]) -> list[np.ndarray]:
        if not self.index.seekable_by_count:
            raise CannotSeek('in files of this kind it finds other frames than the ones asked for')
        import decord

        video = decord.VideoReader(self.index.path, num_threads=self.num_threads)
        if len(video) != len(self.index):
            raise CannotSeek(f'it counts {len(video)} frames instead of {len(self.index)}')
        return list(video.get_batch(list(frame_inds)).asnumpy())
