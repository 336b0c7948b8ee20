"""Read frames with torchcodec, which needs FFmpeg's libraries on the library path."""

from collections.abc import Sequence

import av  # noqa: F401  its libraries may be the ones on the library path; they load each other
import numpy as np

from .errors import CannotSeek
from .frame_readers import FrameReader


class TorchCodecReader(FrameReader):
    """Torchcodec: optional, and never among the default decoders.

    Its pixels are those of PyAV, but it decodes frames that requested ones do not need, scans a
    file each time (docs/decoding.md), and returns wrong frames silently in some files: it declines
    videos that are not ``seekable_by_count``, as decord does.
    """

    package = distribution = 'torchcodec'

    def read(self, frame_inds: Sequence[int]) -> list[np.ndarray]:
        if not self.index.seekable_by_count:
            raise CannotSeek('it finds other frames than requested in files of this kind')
        from torchcodec.decoders import VideoDecoder

        video = VideoDecoder(
            self.index.path, dimension_order='NHWC', num_ffmpeg_threads=self.num_threads
        )
        if len(video) != len(self.index):
            raise CannotSeek(f'it counts {len(video)} frames instead of {len(self.index)}')
        return list(video.get_frames_at(list(frame_inds)).data.numpy())
