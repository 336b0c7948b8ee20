"""Frame readers: the interface of a decoder, and decord's and OpenCV's; PyAV's is pyav_reader.py.

To add a decoder, subclass :class:`FrameReader` and add it to ``DECODERS`` in video.py.
"""

import os
from abc import ABC, abstractmethod
from collections.abc import Sequence

import cv2
import numpy as np
import torch  # noqa: F401  decord crashes where it is loaded before torch

from .containers import OPTIONS
from .errors import CannotSeek
from .video_index import VideoIndex

# read by OpenCV when it opens a file; a value set by the user wins
os.environ.setdefault(
    'OPENCV_FFMPEG_CAPTURE_OPTIONS', '|'.join(f'{key};{value}' for key, value in OPTIONS.items())
)


class FrameReader(ABC):
    """Read frames of one video with one decoder.

    Args:
        index: Its frame index.
        num_threads: Threads of the decoder; 0 lets the decoder choose. Defaults to 1.
        only_needed: Whether to decode no frame that the requested ones do not refer to; the pixels
            are the same. PyAV only. Defaults to True.
        fast: Whether to skip the loop filter, which changes pixels. PyAV only. Defaults to False.

    Attributes:
        missing: Indices of requested frames that cannot be decoded.
    """

    package: str  # import name
    distribution: str  # pip name

    def __init__(
        self,
        index: VideoIndex,
        num_threads: int = 1,
        only_needed: bool = True,
        fast: bool = False,
    ) -> None:
        self.index = index
        self.num_threads = num_threads
        self.only_needed = only_needed
        self.fast = fast
        self.missing: list[int] = []

    @abstractmethod
    def read(self, frame_inds: Sequence[int]) -> list[np.ndarray]:
        """Decode frames and close the file.

        A frame that cannot be decoded is replaced by the nearest earlier one, as on a player's
        screen; at the start of a video, by the first one.

        Args:
            frame_inds: Valid frame indices, ascending, without repeats.

        Returns:
            RGB, uint8 [H, W, 3] each, rotated as by a player.

        Raises:
            Exception: Of any type, if the decoder cannot read the video.
        """


class DecordReader(FrameReader):
    """Decord: fast, but returns wrong frames silently in some files.

    Declines videos that are not ``seekable_by_count``.
    """

    package = distribution = 'decord'

    def read(self, frame_inds: Sequence[int]) -> list[np.ndarray]:
        if not self.index.seekable_by_count:
            raise CannotSeek('it finds other frames than requested in files of this kind')
        import decord

        video = decord.VideoReader(self.index.path, num_threads=self.num_threads)
        if len(video) != len(self.index):
            raise CannotSeek(f'it counts {len(video)} frames instead of {len(self.index)}')
        return list(video.get_batch(list(frame_inds)).asnumpy())


class OpenCVReader(FrameReader):
    """OpenCV: decodes from the start, as its seeking misses frames (VFR, MPEG, fragmented MP4).

    It skips frames that it cannot decode silently, so later ones move up. It takes the first video
    stream of a file even if that is a cover picture; such files are declined.
    """

    package, distribution = 'cv2', 'opencv-python'

    def read(self, frame_inds: Sequence[int]) -> list[np.ndarray]:
        if not self.index.leads:
            raise CannotSeek('it takes the cover picture for the video')
        frames, count = self._walk(set(frame_inds))
        self.missing = [index for index in frame_inds if index not in frames]
        if self.missing:
            if not count:
                raise RuntimeError('it decodes no frame')
            last = count - 1
            frames.setdefault(last, self._walk({last})[0][last])
            frames.update(dict.fromkeys(self.missing, frames[last]))
        return [frames[index] for index in frame_inds]

    def _walk(self, wanted: set[int]) -> tuple[dict[int, np.ndarray], int]:
        """Frames by index, and the number of frames read."""
        options = [cv2.CAP_PROP_N_THREADS, self.num_threads]
        video = cv2.VideoCapture(self.index.path, cv2.CAP_FFMPEG, options)
        video.set(cv2.CAP_PROP_ORIENTATION_AUTO, 1)  # the default of OpenCV 5, but not of 4
        frames, count = {}, 0
        try:
            while count <= max(wanted) and video.grab():
                if count in wanted:
                    # not cvtColor, which starts threads that a forked process would wait for
                    frames[count] = np.ascontiguousarray(video.retrieve()[1][..., ::-1])
                count += 1
        finally:
            video.release()
        return frames, count
