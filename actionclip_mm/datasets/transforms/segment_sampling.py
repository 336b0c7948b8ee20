"""Sample frames as the released code does, and restrict them to a segment of the video.

mmaction2's ``UniformSample`` takes nearly the same frames in testing (at most one frame away, but
identical only in few videos), so the paper's numbers are compared with these.
docs/multi_view.md derives both formulas.
"""

import math

import numpy as np
from mmaction.datasets.transforms import UniformSample
from mmaction.registry import TRANSFORMS
from mmcv.transforms import BaseTransform

from ...decoding.errors import UnreadableVideo

DIGITS = 6  # of a frame number: 0.29 s x 100 / s is frame 29, not 28.999999999999996


class _SegmentSample(UniformSample):
    """T segments of a video, one frame from each.

    Args:
        clip_len: T, frames of a view.
        num_clips: N, views. Defaults to 1.

    Raises:
        ValueError: ``clip_len`` or ``num_clips`` is not a positive integer.
    """

    def __init__(self, clip_len: int, num_clips: int = 1) -> None:
        for name, value in (('clip_len', clip_len), ('num_clips', num_clips)):
            if not isinstance(value, int) or value < 1:
                raise ValueError(
                    f'{type(self).__name__}: {name} must be a positive integer, got {value!r}.'
                )
        super().__init__(clip_len, num_clips, test_mode=self.deterministic)

    deterministic: bool

    def _get_sample_clips(self, num_frames: int) -> np.ndarray:
        """Indices of the frames, view after view, [N·T]."""
        if num_frames < 1:
            raise UnreadableVideo(f'it has {num_frames} frames, and none can be chosen')
        return self.choose(num_frames)


@TRANSFORMS.register_module()
class SegmentCentreSample(_SegmentSample):
    """Sample ``num_clips`` views deterministically, one frame from each of T segments.

    A video of L frames is cut into T segments of L/T frames. View k of N takes from segment i
    (all from 0; L < T counts as L = T in the first term):

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
        ValueError: ``clip_len`` or ``num_clips`` is not a positive integer.
    """

    deterministic = True

    def choose(self, num_frames: int) -> np.ndarray:
        """Indices of the frames, [N·T]; in integers, so nothing is rounded."""
        frames = self.clip_len
        if frames == self.num_clips == 1:
            return np.array([num_frames // 2])
        views, last_view = np.arange(self.num_clips), self.num_clips - 1
        if self.num_clips == 1:
            views, last_view = views + 1, 2  # the centre: 1/2 of the way
        starts = max(num_frames - frames, 0) * views[:, None]  # [N, 1]
        segments = num_frames * last_view * np.arange(frames)  # [T]
        return ((starts + segments) // (frames * last_view)).reshape(-1)


@TRANSFORMS.register_module()
class SegmentRandomSample(_SegmentSample):
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

    deterministic = False

    def choose(self, num_frames: int) -> np.ndarray:
        """Indices of the frames, [N·T]."""
        return np.concatenate([self._draw(num_frames) for _ in range(self.num_clips)])

    def _draw(self, num_frames: int) -> np.ndarray:
        if num_frames <= self.clip_len:
            repeats = np.random.randint(num_frames, size=self.clip_len - num_frames)
            return np.sort(np.concatenate([np.arange(num_frames), repeats]))  # [T]
        ticks = np.arange(self.clip_len + 1) * num_frames // self.clip_len  # [T + 1]
        return np.random.randint(ticks[:-1], ticks[1:])  # [T]


@TRANSFORMS.register_module()
class SegmentFrames(BaseTransform):
    """Restrict samplers to the frames of ``results['segment']``; goes after ``VideoInit``.

    Frame i is shown from i/fps to (i + 1)/fps. The segment has each frame shown between its start
    and its end, at least one; an end after the video's is cut to it. All of mmaction2's samplers
    add ``start_index`` to their choice from ``total_frames``.

    Required keys: segment (start and end in seconds), avg_fps, total_frames, start_index. Modified
    keys: total_frames, start_index.

    Raises:
        UnreadableVideo: The segment starts after the end of the video, or the file has no frame
            rate.
        ValueError: The results lack a segment or a frame rate.
    """

    def transform(self, results: dict) -> dict:
        """Replace ``start_index`` and ``total_frames``."""
        lacking = [key for key in ('segment', 'avg_fps') if key not in results]
        if lacking:
            raise ValueError(
                f'SegmentFrames lacks {" and ".join(lacking)}: use VideoSegmentDataset, and put '
                'SegmentFrames after VideoInit.'
            )
        (start, end), fps, total = (results[key] for key in ('segment', 'avg_fps', 'total_frames'))
        if not fps > 0:
            raise UnreadableVideo(f'it has a frame rate of {fps}, and no segment can be found')
        first = math.floor(round(start * fps, DIGITS))
        if first >= total:
            raise UnreadableVideo(
                f'its segment begins at {start} s, and the video ends at {total / fps:.2f} s'
            )
        after = total if end == math.inf else math.ceil(round(end * fps, DIGITS))
        results['start_index'] += first
        results['total_frames'] = max(min(after, total) - first, 1)
        return results

    def __repr__(self) -> str:
        return f'{type(self).__name__}()'
