"""Opens and decodes video files, in the place of mmaction2's DecordInit and DecordDecode.

Frame i is the i-th frame that a player shows, whatever decoder reads it (docs/decoding.md).
"""

from collections.abc import Sequence

import numpy as np
from mmaction.registry import TRANSFORMS
from mmcv.transforms import BaseTransform

from ...decoding import DECODERS, Video, check_decoders
from ...decoding.containers import max_pixels as check_max_pixels

TIME_LIMIT = 60.0  # seconds for one video


@TRANSFORMS.register_module()
class VideoInit(BaseTransform):
    """Lists the frames of a video file on a local disk, for a sampler and ``VideoDecode``.

    Args:
        decoders: Names of decoders, in the order in which ``VideoDecode`` tries them; any of
            'decord', 'pyav' and 'opencv'. Frames are listed by PyAV in any case.
        num_threads: Threads of a decoder; 0 lets the decoder choose. Defaults to 1.
        time_limit: Seconds that listing and decoding one video may take together, after which it
            counts as unreadable. A decoder has an equal share of what is left of it, so that the
            next one has its turn; a thread that is stuck is abandoned. None is no limit. Defaults
            to 60.
        max_pixels: Largest frame, width x height; larger ones are unreadable, which the header
            tells. None is ``ACTIONCLIP_MAX_PIXELS`` of the environment, or 8192 x 4320. Defaults
            to None.

    Raises:
        ValueError: A decoder is unknown or not installed, or a number is out of range.
    """

    def __init__(
        self,
        decoders: Sequence[str] = tuple(DECODERS),
        num_threads: int = 1,
        time_limit: float | None = TIME_LIMIT,
        max_pixels: int | None = None,
    ) -> None:
        self.decoders = check_decoders(decoders)
        if num_threads < 0:
            raise ValueError(f'VideoInit: num_threads is {num_threads}, but has to be 0 or more.')
        if time_limit is not None and not time_limit > 0:
            raise ValueError(
                f'VideoInit: time_limit is {time_limit}, but has to be seconds above 0, or None.'
            )
        check_max_pixels(max_pixels)
        self.num_threads = num_threads
        self.time_limit = time_limit
        self.max_pixels = max_pixels

    def transform(self, results: dict) -> dict:
        """Adds ``video_reader``, ``total_frames`` and ``avg_fps``; needs ``filename``.

        Raises:
            UnreadableVideo: There is no such file, or it holds no video.
        """
        video = Video(
            results['filename'], self.decoders, self.num_threads, self.time_limit, self.max_pixels
        )
        results.update(video_reader=video, total_frames=len(video.index), avg_fps=video.index.fps)
        return results

    def __repr__(self) -> str:
        return (
            f'{type(self).__name__}(decoders={self.decoders}, num_threads={self.num_threads}, '
            f'time_limit={self.time_limit}, max_pixels={self.max_pixels})'
        )


@TRANSFORMS.register_module()
class VideoDecode(BaseTransform):
    """Decodes the frames that a sampler chose of the video that ``VideoInit`` listed."""

    def transform(self, results: dict) -> dict:
        """Adds ``imgs``, ``original_shape`` and ``img_shape``; needs ``frame_inds``.

        ``imgs`` are RGB, uint8 [H, W, 3], turned as a player turns them. ``video_reader`` becomes
        None.

        Raises:
            UnreadableVideo: No decoder can read the video, or it took too long.
            TypeError: Another transform than ``VideoInit`` opened the video.
        """
        video = results['video_reader']
        if not isinstance(video, Video):
            raise TypeError(
                f'VideoDecode needs VideoInit before it, but found a {type(video).__name__} of '
                'another transform.'
            )
        results['video_reader'] = None
        results['frame_inds'] = np.reshape(results['frame_inds'], -1)
        results['imgs'] = video.read(results['frame_inds'])
        results['original_shape'] = results['img_shape'] = results['imgs'][0].shape[:2]
        return results

    def __repr__(self) -> str:
        return f'{type(self).__name__}()'
