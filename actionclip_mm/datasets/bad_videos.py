"""Keeps count of the training videos that cannot be read, and finds others of the same class."""

from collections.abc import Sequence

import numpy as np
import torch

from ..utils.annotation_lists import NO_LABEL


class BadVideos:
    """The unreadable videos of one training list.

    The marks are in shared memory, so that all data-loader workers of a process count together if
    this is made before they start. Several processes (GPUs) count on their own; as each epoch deals
    the videos anew, each of them comes to meet all.

    Args:
        names: The video of each line; lines with the same name count once.
        labels: The class ids of each line; none for a video without labels.
        max_ratio: The share of the different videos that may be bad. One bad video is allowed in
            any list unless this is 0.
    """

    def __init__(
        self, names: Sequence[str], labels: Sequence[Sequence[int]], max_ratio: float
    ) -> None:
        ids: dict[str, int] = {}
        self.video = np.array([ids.setdefault(name, len(ids)) for name in names], dtype=np.int64)
        self.first_lines = np.unique(self.video, return_index=True)[1]
        self.total = len(ids)
        self.allowed = max(1, int(max_ratio * self.total)) if max_ratio else 0
        self.marks = torch.zeros(self.total, dtype=torch.bool).share_memory_()
        pairs = [(label, line) for line, own in enumerate(labels) for label in own or [NO_LABEL]]
        self._labels, self._lines = np.array(sorted(pairs), dtype=np.int64).reshape(-1, 2).T

    @property
    def count(self) -> int:
        """How many different videos are bad."""
        return int(self.marks.sum())

    def lines(self) -> list[int]:
        """The first line of each bad video, counted from 0."""
        return self.first_lines[self.marks.numpy()].tolist()

    def __contains__(self, line: int) -> bool:
        return bool(self.marks[self.video[line]])

    def mark(self, line: int) -> None:
        """Notes that the video of this line is bad."""
        self.marks[self.video[line]] = True

    def lines_with(self, labels: Sequence[int]) -> np.ndarray:
        """The lines that share one of these class ids, bad ones too; for none, those without."""
        ids = np.array(labels or [NO_LABEL])
        starts, ends = np.searchsorted(self._labels, [ids, ids + 1])
        pieces = [self._lines[start:end] for start, end in zip(starts, ends, strict=True)]
        return np.unique(np.concatenate(pieces))
