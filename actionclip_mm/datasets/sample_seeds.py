"""Random numbers of a sample that follow from seed, epoch and index, wherever it is made."""

from collections import Counter

import torch
from mmengine.dist import get_rank
from torch.utils.data import get_worker_info

from ..utils.seeding import seed_all

UNSET = -1


class SampleSeeds:
    """Seeds Python, numpy and torch before each sample of one data set.

    Until :meth:`set_epoch` was called nothing is seeded, and the random numbers are the worker's.
    Seed and epoch are in shared memory, for persistent workers outlive the epoch that they began
    in; the first call must come before them.
    """

    def __init__(self) -> None:
        self._now = torch.tensor([UNSET, UNSET, 0])  # seed, epoch, repeats
        self._visits: Counter[int] = Counter()
        self._epoch = UNSET
        self._last: list[int] = []

    def set_epoch(self, seed: int, epoch: int, repeats: bool) -> None:
        """Says what the samples that are made from now on belong to.

        Args:
            seed: Of the run.
            epoch: Counted from 0.
            repeats: Whether a sample may be asked for more than once in an epoch. Each time has
                other random numbers then, which depend on process and worker.
        """
        self._now.share_memory_()  # here, as the copy of a shared tensor (a subset's) is not shared
        self._now.copy_(torch.tensor([seed, epoch, int(repeats)]))

    def seed(self, idx: int) -> None:
        """Seeds for a sample."""
        seed, epoch, repeats = self._now.tolist()
        if seed == UNSET:
            self._last = []
            return
        numbers = [seed, epoch, idx]
        if repeats:
            if epoch != self._epoch:
                self._epoch = epoch
                self._visits.clear()
            self._visits[idx] += 1
            worker = get_worker_info()
            numbers += [self._visits[idx], get_rank(), worker.id if worker else 0]
        self._last = numbers
        self.again()

    def again(self) -> None:
        """Seeds for the same sample once more, so that what failed before leaves no trace."""
        if self._last:
            seed_all(*self._last)
