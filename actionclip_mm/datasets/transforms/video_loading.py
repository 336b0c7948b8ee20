"""Open and decode video files, instead of mmaction2's DecordInit and DecordDecode.

Frame i is the i-th frame that a player shows, whatever decoder reads it (docs/decoding.md).
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from mmaction.registry import TRANSFORMS
from mmcv.transforms import BaseTransform

from ...decoding import Video, check_decoders
from ...decoding.containers import max_pixels as check_max_pixels
from ...decoding.index_cache import cache_file

TIME_LIMIT = 60.0  # seconds for one video


@TRANSFORMS.register_module()
class VideoInit(BaseTransform):
    """Index the frames of a local video file, for a sampler and ``VideoDecode``.

    Args:
        decoders: Names of decoders in the order in which ``VideoDecode`` tries them; any of
            'decord', 'pyav', 'opencv' and 'torchcodec' (optional, only by name). PyAV always
            builds the index. None for the installed ones but torchcodec, the fastest first among
            those with the same pixels. Defaults to None.
        num_threads: Threads of a decoder; 0 lets the decoder choose. Defaults to 1.
        time_limit: Seconds for indexing and decoding one video, after which it counts as
            unreadable. Each decoder gets an equal share of the rest; a stuck thread is abandoned.
            None for no limit. Defaults to 60.
        max_pixels: Largest frame, width x height; videos with a larger one in the header are
            unreadable. None for ``ACTIONCLIP_MAX_PIXELS`` of the environment, or 8192 x 4320.
            Defaults to None.
        only_needed: Whether PyAV skips frames that the sampled ones do not refer to; pixels are
            the same. Defaults to True.
        fast: Whether PyAV skips the loop filter, which changes pixels (docs/decoding.md); it is
            then the first decoder unless ``decoders`` names another. Defaults to False.
        index_cache: Where frame indexes are kept: a file, True for the file of the data set's list
            and the memory of each process, False for nowhere. Defaults to True.

    Raises:
        ValueError: A decoder is unknown or not installed, or a number is out of range.
    """

    def __init__(
        self,
        decoders: Sequence[str] | None = None,
        num_threads: int = 1,
        time_limit: float | None = TIME_LIMIT,
        max_pixels: int | None = None,
        only_needed: bool = True,
        fast: bool = False,
        index_cache: str | bool = True,
    ) -> None:
        self.decoders = None if decoders is None else check_decoders(decoders)
        if num_threads < 0:
            raise ValueError(f'VideoInit: num_threads must be at least 0, got {num_threads}.')
        if time_limit is not None and not time_limit > 0:
            raise ValueError(
                f'VideoInit: time_limit must be positive seconds or None, got {time_limit}.'
            )
        check_max_pixels(max_pixels)
        self.num_threads = num_threads
        self.time_limit = time_limit
        self.max_pixels = max_pixels
        self.only_needed = only_needed
        self.fast = fast
        self.index_cache: str | Path | bool = index_cache

    def keep_indexes_for(self, list_file: str) -> None:
        """Keep frame indexes in the cache file of a list, unless another place is configured."""
        if self.index_cache is True:
            self.index_cache = cache_file(list_file) or False

    def transform(self, results: dict) -> dict:
        """Add ``video_reader``, ``total_frames`` and ``avg_fps``; needs ``filename``.

        Raises:
            UnreadableVideo: Missing file, or no video.
        """
        video = Video(
            results['filename'],
            self.decoders,
            self.num_threads,
            self.time_limit,
            self.max_pixels,
            self.only_needed,
            self.fast,
            self.index_cache,
        )
        results.update(video_reader=video, total_frames=len(video.index), avg_fps=video.index.fps)
        return results

    def __repr__(self) -> str:
        return (
            f'{type(self).__name__}(decoders={self.decoders}, num_threads={self.num_threads}, '
            f'time_limit={self.time_limit}, max_pixels={self.max_pixels}, '
            f'only_needed={self.only_needed}, fast={self.fast}, '
            f'index_cache={self.index_cache!r})'
        )


@TRANSFORMS.register_module()
class VideoDecode(BaseTransform):
    """Decode the sampled frames of the video that ``VideoInit`` opened."""

    def transform(self, results: dict) -> dict:
        """Add ``imgs``, ``original_shape`` and ``img_shape``; needs ``frame_inds``.

        ``imgs`` are RGB, uint8 [H, W, 3], rotated as by a player. ``video_reader`` becomes None.

        Raises:
            UnreadableVideo: No decoder can read the video, or it took too long.
            TypeError: Another transform than ``VideoInit`` opened the video.
        """
        video = results['video_reader']
        if not isinstance(video, Video):
            raise TypeError(
                f'VideoDecode needs VideoInit before it, got a {type(video).__name__} of another '
                'transform.'
            )
        results['video_reader'] = None
        results['frame_inds'] = np.reshape(results['frame_inds'], -1)
        results['imgs'] = video.read(results['frame_inds'])
        results['original_shape'] = results['img_shape'] = results['imgs'][0].shape[:2]
        return results

    def __repr__(self) -> str:
        return f'{type(self).__name__}()'
