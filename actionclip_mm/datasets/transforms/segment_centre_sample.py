"""Chooses the frames of a test video as the released code does: the centre of each of T segments.

mmaction2's ``UniformSample`` takes nearly the same frames in testing (never more than one frame
away, but the very same ones in few videos), so numbers of the paper are compared with this one.
docs/multi_view.md derives both formulas.
"""

import numpy as np
from mmaction.datasets.transforms import UniformSample
from mmaction.registry import TRANSFORMS

from ...decoding.errors import UnreadableVideo


@TRANSFORMS.register_module()
class SegmentCentreSample(UniformSample):
    """Deterministic frames of ``num_clips`` views, each with one frame from each of T segments.

    A video of L frames is cut into T segments of L/T frames. View k of N takes of segment i
    (all counted from 0, L < T counting as L = T in the first term):

        floor((L/T - 1) · k/(N - 1) + i·L/T)

    so the first view takes the first frame of each segment, the last one its last, and the others
    lie evenly between. A single view takes the centre, k/(N - 1) = 1/2: the test of the released
    code. A single frame of a single view (T = N = 1) is frame floor(L/2), as there, and not
    floor((L - 1)/2), which the formula would give. The starts of several views are those of
    Text4Vis, without rounding them first. A video with fewer frames than T shows some of them
    several times.

    Args:
        clip_len: T, frames of a view.
        num_clips: N, views. Defaults to 1.

    Raises:
        ValueError: ``clip_len`` or ``num_clips`` is no whole number above 0.
    """

    def __init__(self, clip_len: int, num_clips: int = 1) -> None:
        for name, value in (('clip_len', clip_len), ('num_clips', num_clips)):
            if not isinstance(value, int) or value < 1:
                raise ValueError(
                    f'SegmentCentreSample: {name}={value!r}, but it is a whole number above 0: '
                    f'set {name} in the test pipeline.'
                )
        super().__init__(clip_len, num_clips, test_mode=True)

    def _get_sample_clips(self, num_frames: int) -> np.ndarray:
        """Indices of the frames, view after view, [N·T]; whole numbers, so nothing is rounded."""
        if num_frames < 1:
            raise UnreadableVideo(f'it has {num_frames} frames, and none can be chosen')
        frames = self.clip_len
        if frames == self.num_clips == 1:
            return np.array([num_frames // 2])
        views, last_view = np.arange(self.num_clips), self.num_clips - 1
        if self.num_clips == 1:
            views, last_view = views + 1, 2  # the centre: 1/2 of the way
        starts = max(num_frames - frames, 0) * views[:, None]  # [N, 1]
        segments = num_frames * last_view * np.arange(frames)  # [T]
        return ((starts + segments) // (frames * last_view)).reshape(-1)
