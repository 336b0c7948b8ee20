"""mmaction2's data set of folders of frames, for lists and folders as they are."""

from collections.abc import Iterator
from contextlib import contextmanager

from mmaction.datasets import RawframeDataset
from mmaction.registry import DATASETS

from ..utils.annotation_lists import Line, read_lines
from .frame_numbering import LOOKED_AT, check_numbering
from .robust_reading import RobustReading
from .stand_ins import FRAMES, black_frames


@DATASETS.register_module()
class RobustRawframeDataset(RobustReading, RawframeDataset):
    """Reads lines ``folder total_frames label``, with ``multi_class=True`` several labels.

    With ``with_offset=True`` the number of the first frame stands in front of ``total_frames``.
    Spaces, missing labels and quotes are as in :class:`RobustVideoDataset`; see
    :class:`RobustReading` for all other arguments and what becomes of folders that cannot be read.
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
        """The annotation of a folder of black frames."""
        with black_frames(self.filename_tmpl, self.start_index) as folder:
            yield {**info, 'frame_dir': folder, 'total_frames': FRAMES} | (
                dict(offset=0) if self.with_offset else {}
            )


def _check_numbers(line: Line, keys: list[str]) -> None:
    numbers = line.numbers[: len(keys)]
    if len(numbers) < len(keys) or min(numbers) < 0:
        raise ValueError(
            f"{line.place} has the numbers {line.numbers} behind '{line.path}': write the folder, "
            f'{" and ".join(keys)}, then labels if there are any.'
        )
