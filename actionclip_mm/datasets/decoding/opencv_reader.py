"""Frames through OpenCV, one after the other from the start."""

import os
from collections.abc import Sequence

import cv2
import numpy as np

from .containers import OPTIONS
from .reader import CannotSeek, FrameReader

# read by OpenCV where it opens a file; whoever sets it has chosen
os.environ.setdefault(
    'OPENCV_FFMPEG_CAPTURE_OPTIONS', '|'.join(f'{key};{value}' for key, value in OPTIONS.items())
)


class OpenCVReader(FrameReader):
    """OpenCV: slow, because its seeking misses frames (variable frame rate, MPEG, fragmented MP4).

    It passes by frames that it cannot decode without a word, so that later ones move up. It takes
    the first video stream of a file even if that is the picture on a cover, and declines then.
    """

    package, distribution = 'cv2', 'opencv-python'

    def read(self, frame_inds: Sequence[int]) -> list[np.ndarray]:
        if not self.index.leads:
            raise CannotSeek('it takes the picture on the cover for the video')
        frames, count = self._walk(set(frame_inds))
        self.missing = [index for index in frame_inds if index not in frames]
        if self.missing:
            if not count:
                raise RuntimeError('it can decode no frame')
            last = count - 1
            frames.setdefault(last, self._walk({last})[0][last])
            frames.update(dict.fromkeys(self.missing, frames[last]))
        return [frames[index] for index in frame_inds]

    def _walk(self, wanted: set[int]) -> tuple[dict[int, np.ndarray], int]:
        """Frames by index, and how many were passed."""
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
