"""Rows of reading annotation lists."""

from pathlib import Path
from typing import Any

from ..measuring import Way
from ..registry import Comparison, Options, row


@row('list-240k', 'Annotation list of 240,000 lines', '>= 0.67x', lines=240_000)
def annotation_list(options: Options, lines: int) -> Comparison:
    """Our data set, with all its checks, next to mmaction2's."""
    ways = dataset_ways(options.scratch, 100 if options.tiny else lines)
    theirs, ours = (way.call() for way in ways)  # type: ignore[operator]
    same = all(theirs.get_data_info(i) == ours.get_data_info(i) for i in range(len(theirs)))
    return Comparison(
        ways,
        difference=0.0 if same else float('nan'),
        test='tests/test_utils/test_annotation_lists.py::test_plain_lines_are_read_as_all_others',
        unit='list',
    )


def dataset_ways(folder: Path, lines: int) -> list[Way]:
    """Read a list with mmaction2's data set, and with ours.

    Args:
        folder: Where the list is written.
        lines: Its length.
    """
    from mmaction.datasets import VideoDataset

    from ...datasets import RobustVideoDataset

    path = folder / f'{lines}.txt'
    names = (f'class_{i % 400}/video_{i:08d}_000010_000020.mp4 {i % 400}' for i in range(lines))
    path.write_text('\n'.join(names))
    settings: dict[str, Any] = dict(
        ann_file=str(path), pipeline=[], data_prefix=dict(video=str(folder))
    )
    return [
        Way("mmaction2's VideoDataset", lambda: VideoDataset(**settings)),
        Way('RobustVideoDataset', lambda: RobustVideoDataset(**settings), 'dataset.type'),
    ]
