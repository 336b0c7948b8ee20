"""Segments of videos as samples: lines with a start and an end next to the label."""

import json
import math
from collections.abc import Iterator
from contextlib import contextmanager

from mmaction.registry import DATASETS

from ..utils.annotation_lists import Line, read_lines
from .robust_datasets import RobustVideoDataset


@DATASETS.register_module()
class VideoSegmentDataset(RobustVideoDataset):
    """Read lines ``path label start end``, times in seconds from the start of the video.

    A video may have any number of lines. ``SegmentFrames`` after ``VideoInit`` restricts the
    pipeline to the segment in ``results['segment']``. With ``multi_class=True`` and ``num_classes``
    the label becomes a multi-hot vector with one 1, so that whole videos with several labels can
    validate the same head. Paths may contain spaces; one that starts with a quote is written as a
    JSON string. The rest is as in :class:`RobustVideoDataset`.

    Raises:
        ValueError: A line without label and two times, or with an end before its start.
    """

    def load_data_list(self) -> list[dict]:
        """``filename``, ``label`` and ``segment`` (start and end in seconds) of each line."""
        lines, segments = [], []
        for line in read_lines(self.ann_file, most=0):
            parsed, segment = _parse(line)
            lines.append(parsed)
            segments.append(segment)
        labels = self._labels(lines, [line.numbers for line in lines])
        rows = zip(self._paths(lines, 'video'), labels, segments, strict=True)
        return [dict(filename=path, label=label, segment=times) for path, label, times in rows]

    @contextmanager
    def stand_in(self, info: dict) -> Iterator[dict]:
        """Annotation of a whole black video: the segment may start after its end."""
        with super().stand_in(info) as black:
            yield {**black, 'segment': (0.0, math.inf)}


def _parse(line: Line) -> tuple[Line, tuple[float, float]]:
    """Split a line into path, label and times."""
    words = line.path.rsplit(None, 3)
    try:
        path, label, start, end = words[0], int(words[1]), float(words[2]), float(words[3])
    except (IndexError, ValueError):
        raise ValueError(
            f"{line.place} is '{line.path}': write `path label start end`, the label a whole "
            'number and the times in seconds.'
        ) from None
    if not 0 <= start < end < math.inf:
        raise ValueError(
            f"{line.place} has a segment from {start} to {end} s ('{line.path}'): it must end "
            'after its start, and both must be at least 0; fix or remove that line.'
        )
    quoted = path.startswith('"') and path.endswith('"') and len(path) > 1
    if quoted:
        path = _unquoted(path, line.place)
    return Line(line.place, path, [label], quoted), (start, end)


def _unquoted(path: str, place: str) -> str:
    try:
        path = json.loads(path)
    except ValueError:
        path = ''
    if not path or '\0' in path:
        raise ValueError(f'{place} has quotes around an invalid path: write it as a JSON string.')
    return path
