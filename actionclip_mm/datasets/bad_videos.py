"""Count unreadable training videos, and find others of the same class."""

from collections.abc import Sequence
from itertools import chain

import numpy as np
import torch

from ..utils.annotation_lists import NO_LABEL


class BadVideos:
    """The unreadable videos of one training list.

    Marks are in shared memory: data-loader workers of a process count together if this is built
    before they start. Several processes (GPUs) count on their own; each epoch reshuffles the
    videos, so each process eventually sees all of them.

    Args:
        names: Video of each line; repeated names count once.
        labels: Class ids of each line; none for a video without labels.
        max_ratio: Share of the different videos that may be bad. One is always allowed unless
            this is 0.
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
        own = [own or [NO_LABEL] for own in labels]
        flat = np.fromiter(chain.from_iterable(own), dtype=np.int64)
        lines = np.repeat(np.arange(len(own)), np.fromiter(map(len, own), dtype=np.int64))
        order = np.lexsort((lines, flat))
        self._labels, self._lines = flat[order], lines[order]

    @property
    def count(self) -> int:
        """Number of different bad videos."""
        return int(self.marks.sum())

    def lines(self) -> list[int]:
        """First line of each bad video, from 0."""
        return self.first_lines[self.marks.numpy()].tolist()

    def __contains__(self, line: int) -> bool:
        return bool(self.marks[self.video[line]])

    def mark(self, line: int) -> None:
        """Mark the video of a line as bad."""
        self.marks[self.video[line]] = True

    def lines_with(self, labels: Sequence[int]) -> np.ndarray:
        """Lines that share one of these class ids, bad ones included; unlabelled ones for none."""
        ids = np.array(labels or [NO_LABEL])
        starts, ends = np.searchsorted(self._labels, [ids, ids + 1])
        pieces = [self._lines[start:end] for start, end in zip(starts, ends, strict=True)]
        return np.unique(np.concatenate(pieces))
