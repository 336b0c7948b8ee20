"""Black videos that stand in for videos that cannot be read, made where they are needed."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

FRAMES, HEIGHT, WIDTH, RATE = 16, 256, 340, 25


@contextmanager
def black_video() -> Iterator[str]:
    """The path of a black video of 16 frames; the file is removed at the end of the block."""
    import av

    frame = av.VideoFrame.from_ndarray(np.zeros((HEIGHT, WIDTH, 3), np.uint8), format='rgb24')
    with tempfile.TemporaryDirectory(prefix='actionclip_mm_') as folder:
        path = str(Path(folder) / 'black.mp4')
        with av.open(path, 'w') as container:
            stream = container.add_stream('mpeg4', rate=RATE)
            stream.height, stream.width, stream.pix_fmt = HEIGHT, WIDTH, 'yuv420p'
            for _ in range(FRAMES):
                container.mux(stream.encode(frame))
            container.mux(stream.encode())
        yield path


@contextmanager
def black_frames(filename_tmpl: str, start_index: int) -> Iterator[str]:
    """The path of a folder of 16 black frames, of flow too; it is removed behind the block.

    Args:
        filename_tmpl: As in mmaction2: ``'img_{:05}.jpg'``, or with the axis of a flow in front.
        start_index: Number of the first frame.
    """
    import cv2

    black = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    axes = [('x',), ('y',)] if _takes_an_axis(filename_tmpl) else [()]
    with tempfile.TemporaryDirectory(prefix='actionclip_mm_') as folder:
        for number in range(start_index, start_index + FRAMES):
            for axis in axes:
                cv2.imwrite(str(Path(folder) / filename_tmpl.format(*axis, number)), black)
        yield folder


def _takes_an_axis(filename_tmpl: str) -> bool:
    try:
        filename_tmpl.format(1)
    except IndexError:
        return True
    return False
