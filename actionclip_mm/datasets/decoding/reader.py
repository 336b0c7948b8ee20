"""What a decoder offers to the chain of decoders."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np

from .video_index import VideoIndex


class CannotSeek(RuntimeError):
    """The decoder would give other frames than the ones asked for."""


class FrameReader(ABC):
    """Reads frames of one video with one decoder.

    Args:
        index: The list of its frames.
        num_threads: Threads of the decoder; 0 lets the decoder choose. Defaults to 1.

    Attributes:
        missing: Indices of frames that were asked for and cannot be decoded.
    """

    package: str  # what Python imports
    distribution: str  # what pip installs

    def __init__(self, index: VideoIndex, num_threads: int = 1) -> None:
        self.index = index
        self.num_threads = num_threads
        self.missing: list[int] = []

    @abstractmethod
    def read(self, frame_inds: Sequence[int]) -> list[np.ndarray]:
        """Decodes frames and closes the file.

        Where a frame cannot be decoded, the nearest earlier one stands in, as on the screen of a
        player; at the start of a video, the first one.

        Args:
            frame_inds: Indices below the length of the index, ascending, each once.

        Returns:
            RGB, uint8 [H, W, 3] each, turned as a player turns it.

        Raises:
            Exception: Of any kind, if the decoder cannot read the video.
        """
