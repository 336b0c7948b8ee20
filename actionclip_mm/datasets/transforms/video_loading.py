"""Opens and decodes video files, in the place of mmaction2's DecordInit and DecordDecode."""

import os.path as osp
from collections.abc import Sequence

import numpy as np
import torch  # noqa: F401  decord crashes where it is loaded before torch
from mmaction.registry import TRANSFORMS
from mmcv.transforms import BaseTransform

from .unreadable_video import UnreadableVideo


@TRANSFORMS.register_module()
class VideoInit(BaseTransform):
    """Opens a video file.

    Args:
        decoders: Names of decoders, in the order in which they are tried.
        num_threads: Threads of a decoder. Defaults to 1.
        time_limit: Seconds after which a video counts as unreadable; None waits for ever.
    """

    def __init__(
        self,
        decoders: Sequence[str] = ('decord', 'pyav', 'opencv'),
        num_threads: int = 1,
        time_limit: float | None = 60.0,
    ) -> None:
        self.decoders = tuple(decoders)
        self.num_threads = num_threads
        self.time_limit = time_limit

    def transform(self, results: dict) -> dict:
        """Adds ``video_reader``, ``total_frames`` and ``avg_fps``; needs ``filename``."""
        import decord

        path = results['filename']
        if not osp.isfile(path):
            raise UnreadableVideo(f'{path}: there is no such file')
        try:
            reader = decord.VideoReader(path, num_threads=self.num_threads)
            results.update(
                video_reader=reader, total_frames=len(reader), avg_fps=reader.get_avg_fps()
            )
        except (RuntimeError, decord.DECORDError) as error:
            reason = str(error).strip().splitlines()[0]
            raise UnreadableVideo(f'{path}: decord cannot open it ({reason})') from error
        return results


@TRANSFORMS.register_module()
class VideoDecode(BaseTransform):
    """Decodes the frames that a sampler chose of a video that ``VideoInit`` opened."""

    def transform(self, results: dict) -> dict:
        """Adds ``imgs``, ``original_shape`` and ``img_shape``; needs ``frame_inds``."""
        reader = results.pop('video_reader')
        results['frame_inds'] = np.reshape(results['frame_inds'], -1)
        try:
            results['imgs'] = list(reader.get_batch(results['frame_inds']).asnumpy())
        except Exception as error:
            reason = str(error).strip().splitlines()[0]
            path = results['filename']
            raise UnreadableVideo(f'{path}: decord cannot decode it ({reason})') from error
        results['original_shape'] = results['img_shape'] = results['imgs'][0].shape[:2]
        return results
