"""Confines what follows in a pipeline to a segment of the video."""

import math

from mmaction.registry import TRANSFORMS
from mmcv.transforms import BaseTransform

from ...decoding import UnreadableVideo

DIGITS = 6  # of a frame number: 0.29 s x 100 / s is frame 29, not 28.999999999999996


@TRANSFORMS.register_module()
class SegmentFrames(BaseTransform):
    """Lets samplers see the frames of ``results['segment']`` alone; stands behind ``VideoInit``.

    Frame i is on the screen from i/fps to (i + 1)/fps. The segment has each frame that is seen
    between its start and its end, at least one; an end behind the video's is the video's. All of
    mmaction2's samplers add ``start_index`` to what they choose of ``total_frames``.

    Required keys: segment (start and end in seconds), avg_fps, total_frames, start_index. Modified
    keys: total_frames, start_index.

    Raises:
        UnreadableVideo: The segment begins behind the end of the video, or the file has no frame
            rate.
        ValueError: There is no segment or no frame rate among the results.
    """

    def transform(self, results: dict) -> dict:
        """Replaces the number of the first frame and the number of frames."""
        lacking = [key for key in ('segment', 'avg_fps') if key not in results]
        if lacking:
            raise ValueError(
                f'SegmentFrames lacks {" and ".join(lacking)}: use VideoSegmentDataset, and put '
                'SegmentFrames behind VideoInit.'
            )
        (start, end), fps, total = (results[key] for key in ('segment', 'avg_fps', 'total_frames'))
        if not fps > 0:
            raise UnreadableVideo(f'it has a frame rate of {fps}, and no segment can be found')
        first = math.floor(round(start * fps, DIGITS))
        if first >= total:
            raise UnreadableVideo(
                f'its segment begins at {start} s, and the video ends at {total / fps:.2f} s'
            )
        behind = total if end == math.inf else math.ceil(round(end * fps, DIGITS))
        results['start_index'] += first
        results['total_frames'] = max(min(behind, total) - first, 1)
        return results

    def __repr__(self) -> str:
        return f'{type(self).__name__}()'
