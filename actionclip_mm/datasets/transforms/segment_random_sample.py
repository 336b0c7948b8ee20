"""Draw the frames of a training video as the released code does: one from each of T segments."""

import numpy as np
from mmaction.datasets.transforms import UniformSample
from mmaction.registry import TRANSFORMS

from ...decoding.errors import UnreadableVideo


@TRANSFORMS.register_module()
class SegmentRandomSample(UniformSample):
    """Draw one random frame from each of T segments that share no frame.

    Segment i (from 0) of a video of L frames begins at frame floor(i·L/T) and ends before segment
    i + 1. A video with fewer frames than T shows all of them, and some, drawn at random, several
    times. mmaction2's ``UniformSample`` counts the last frame of a segment also as the first of the
    next one, so a clip may show it twice.

    Args:
        clip_len: T, frames of a clip.
        num_clips: N, clips, each drawn independently. Defaults to 1.

    Raises:
        ValueError: ``clip_len`` or ``num_clips`` is not a positive integer.
    """

    def __init__(self, clip_len: int, num_clips: int = 1) -> None:
        for name, value in (('clip_len', clip_len), ('num_clips', num_clips)):
            if not isinstance(value, int) or value < 1:
                raise ValueError(
                    f'SegmentRandomSample: {name} must be a positive integer, got {value!r}.'
                )
        super().__init__(clip_len, num_clips, test_mode=False)

    def _get_sample_clips(self, num_frames: int) -> np.ndarray:
        """Indices of the frames, clip after clip, [N·T]."""
        if num_frames < 1:
            raise UnreadableVideo(f'it has {num_frames} frames, and none can be chosen')
        return np.concatenate([self._draw(num_frames) for _ in range(self.num_clips)])

    def _draw(self, num_frames: int) -> np.ndarray:
        if num_frames <= self.clip_len:
            repeats = np.random.randint(num_frames, size=self.clip_len - num_frames)
            return np.sort(np.concatenate([np.arange(num_frames), repeats]))  # [T]
        ticks = np.arange(self.clip_len + 1) * num_frames // self.clip_len  # [T + 1]
        return np.random.randint(ticks[:-1], ticks[1:])  # [T]
