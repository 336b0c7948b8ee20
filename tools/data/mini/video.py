"""Writes frames as an H.264 mp4 whose frames are coded independently of each other.

Key frames only and one quantiser: a reversed clip decodes to exactly the reversed frames, so the
codec gives no hint at the order of time.
"""

from pathlib import Path

import av
import numpy as np

FRAMES_PER_SECOND = 8
QUANTISER = 24


def write_video(path: Path, frames: np.ndarray) -> None:
    """Encodes uint8 frames [T, H, W, 3] (RGB) into ``path``."""
    with av.open(str(path), 'w') as container:
        stream = container.add_stream('libx264', rate=FRAMES_PER_SECOND)
        stream.height, stream.width = frames.shape[1:3]
        stream.pix_fmt = 'yuv420p'
        stream.gop_size = 1
        stream.codec_context.thread_count = 1
        stream.options = {'qp': str(QUANTISER), 'preset': 'veryfast', 'tune': 'psnr'}
        for frame in frames:
            picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format='rgb24')
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
