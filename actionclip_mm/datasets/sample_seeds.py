"""Seed the random numbers of a sample from run seed, epoch and index."""

from collections import Counter

import torch
from mmengine.dist import get_rank
from torch.utils.data import get_worker_info

from ..utils.seeding import seed_all

UNSET = -1


class SampleSeeds:
    """Seed Python, numpy and torch before each sample of a data set.

    Before the first :meth:`set_epoch` nothing is seeded and the worker's random state is used.
    Seed and epoch are in shared memory, since persistent workers outlive the epoch they start in;
    the first call must precede the workers.
    """

    def __init__(self) -> None:
        self._now = torch.tensor([UNSET, UNSET, 0])  # seed, epoch, repeats
        self._visits: Counter[int] = Counter()
        self._epoch = UNSET
        self._last: list[int] = []

    def set_epoch(self, seed: int, epoch: int, repeats: bool) -> None:
        """Set seed and epoch of the following samples.

        Args:
            seed: Seed of the run.
            epoch: Epoch from 0.
            repeats: Whether a sample may be drawn several times per epoch. Each draw then has
                other random numbers, which depend on process and worker.
        """
        self._now.share_memory_()  # here: a copy of a shared tensor (a subset's) is not shared
        self._now.copy_(torch.tensor([seed, epoch, int(repeats)]))

    @property
    def epoch(self) -> int | None:
        """Epoch from 0; None before the first, and if samples may be drawn several times in it."""
        seed, epoch, repeats = self._now.tolist()
        return None if seed == UNSET or repeats else epoch

    def seed(self, idx: int) -> None:
        """Seed for a sample."""
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
        """Seed for the same sample again, so that a failed attempt has no effect."""
        if self._last:
            seed_all(*self._last)
