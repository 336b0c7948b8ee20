"""mmaction2's data set of video files, for lists and videos as they are."""

from collections.abc import Iterator
from contextlib import contextmanager

from mmaction.datasets import VideoDataset
from mmaction.registry import DATASETS

from ..utils.annotation_lists import read_lines
from .robust_reading import RobustReading
from .stand_ins import black_video


@DATASETS.register_module()
class RobustVideoDataset(RobustReading, VideoDataset):
    """Reads lines ``path label``, or ``path label [label …]`` with ``multi_class=True``.

    The labels are the whole numbers at the end of a line, so paths may hold spaces. A line without
    label is a video without label (allowed where all lines are, and in multi-label lists); so is
    ``-1``. A path that ends in a number behind a space stands in double quotes where this would be
    misread: ``"clip 7" 3``. See :class:`RobustReading` for all other arguments and what becomes of
    videos that cannot be read; without its two this is mmaction2's ``VideoDataset``.
    """

    def load_data_list(self) -> list[dict]:
        """``filename`` and ``label`` (-1: none), or the list of labels, of each line."""
        lines = read_lines(self.ann_file, self.delimiter, None if self.multi_class else 1)
        labels = self._labels(lines, [line.numbers for line in lines])
        paths = self._paths(lines, 'video')
        return [dict(filename=path, label=label) for path, label in zip(paths, labels, strict=True)]

    @contextmanager
    def stand_in(self, info: dict) -> Iterator[dict]:
        """The annotation of a black video file."""
        with black_video() as path:
            yield {**info, 'filename': path}
