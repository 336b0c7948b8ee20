"""mmaction2's data sets of videos and of extracted frames, for real-world lists and files."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from mmaction.datasets import RawframeDataset, VideoDataset
from mmaction.registry import DATASETS

from ..utils.annotation_lists import Line, read_lines
from .frame_numbering import LOOKED_AT, check_numbering
from .robust_reading import RobustReading

FRAMES, HEIGHT, WIDTH, RATE = 16, 256, 340, 25  # of a black stand-in


@DATASETS.register_module()
class RobustVideoDataset(RobustReading, VideoDataset):
    """Read lines ``path label``, or ``path label [label …]`` with ``multi_class=True``.

    Labels are the integers at the end of a line, so paths may contain spaces. A line without label
    is an unlabelled video (allowed if all lines are, and in multi-label lists); so is ``-1``. A
    path that ends in a number after a space is written in double quotes: ``"clip 7" 3``. See
    :class:`RobustReading` for its two arguments and for unreadable videos; all others are those of
    mmaction2's ``VideoDataset``.
    """

    def load_data_list(self) -> list[dict]:
        """``filename`` and ``label`` (-1: none), or the list of labels, of each line."""
        lines = read_lines(self.ann_file, self.delimiter, None if self.multi_class else 1)
        labels = self._labels(lines, [line.numbers for line in lines])
        paths = self._paths(lines, 'video')
        return [dict(filename=path, label=label) for path, label in zip(paths, labels, strict=True)]

    @contextmanager
    def stand_in(self, info: dict) -> Iterator[dict]:
        """Annotation of a black video file."""
        with black_video() as path:
            yield {**info, 'filename': path}


@DATASETS.register_module()
class RobustRawframeDataset(RobustReading, RawframeDataset):
    """Read lines ``folder total_frames label``, with ``multi_class=True`` several labels.

    With ``with_offset=True`` the number of the first frame precedes ``total_frames``. Spaces,
    missing labels and quotes are as in :class:`RobustVideoDataset`; see :class:`RobustReading` for
    the other arguments and for unreadable folders.
    """

    def load_data_list(self) -> list[dict]:
        """``frame_dir``, ``total_frames`` and ``label`` of each line, with ``offset`` if any."""
        keys = ['offset', 'total_frames'] if self.with_offset else ['total_frames']
        lines = read_lines(self.ann_file, most=None if self.multi_class else len(keys) + 1)
        for line in lines:
            _check_numbers(line, keys)
        labels = self._labels(lines, [line.numbers[len(keys) :] for line in lines])
        paths = self._paths(lines, 'img')
        infos = [
            dict(zip(keys, line.numbers, strict=False), frame_dir=path, label=label)
            for line, path, label in zip(lines, paths, labels, strict=True)
        ]
        check_numbering(infos[:LOOKED_AT], self.filename_tmpl, self.start_index)
        return infos

    @contextmanager
    def stand_in(self, info: dict) -> Iterator[dict]:
        """Annotation of a folder of black frames."""
        with black_frames(self.filename_tmpl, self.start_index) as folder:
            yield {**info, 'frame_dir': folder, 'total_frames': FRAMES} | (
                dict(offset=0) if self.with_offset else {}
            )


def _check_numbers(line: Line, keys: list[str]) -> None:
    numbers = line.numbers[: len(keys)]
    if len(numbers) < len(keys) or min(numbers) < 0:
        raise ValueError(
            f"{line.place} has the numbers {line.numbers} after '{line.path}': write the folder, "
            f'{" and ".join(keys)}, then labels if there are any.'
        )


@contextmanager
def black_video() -> Iterator[str]:
    """Path of a black video of 16 frames, removed at the end of the block."""
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
    """Path of a folder of 16 black frames, also of flow, removed at the end of the block.

    Args:
        filename_tmpl: As in mmaction2: ``'img_{:05}.jpg'``, or with the axis of a flow first.
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
