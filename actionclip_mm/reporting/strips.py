"""Frames of a video side by side."""

import os

import cv2
import numpy as np

from ..apis.folders import frames_of
from ..decoding import UnreadableVideo, Video

SHOWN = 8  # frames of a strip


def frame_strip(path: str, height: int, shown: int = SHOWN) -> np.ndarray:
    """Evenly spaced frames of a video file or a folder of frames, uint8 [height, W, 3].

    Raises:
        UnreadableVideo: With the path and the reason.
    """
    if os.path.isdir(path):
        files = frames_of(path)
        if files is None:
            raise UnreadableVideo(f'{path}: it has no frames')
        frames = [_read(files[index]) for index in _spread(len(files), shown)]
    else:
        video = Video(path, time_limit=60.0)
        frames = video.read(_spread(len(video.index), shown))
    return np.concatenate([_resize(frame, height) for frame in frames], axis=1)


def _spread(count: int, shown: int) -> list[int]:
    return np.linspace(0, count - 1, min(shown, count)).astype(int).tolist()


def _resize(frame: np.ndarray, height: int) -> np.ndarray:
    width = max(1, round(frame.shape[1] * height / frame.shape[0]))
    return cv2.resize(frame, (min(width, 4 * height), height), interpolation=cv2.INTER_AREA)


def _read(file: str) -> np.ndarray:
    image = cv2.imread(file)
    if image is None:
        raise UnreadableVideo(f'{file}: it cannot be read as an image')
    return np.ascontiguousarray(image[..., ::-1])
