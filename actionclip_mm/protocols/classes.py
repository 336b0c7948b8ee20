"""Choose the classes of a test or training; the classifier is built from these only."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ..benchmarks.identity import hash_names
from ..utils import normalize_name


class Chosen(NamedTuple):
    """Class ids in ascending order, and the rule that chose them."""

    ids: list[int]
    rule: str


class GivenClasses(NamedTuple):
    """Base classes of ``--base-labels``: ids and file name."""

    ids: list[int]
    source: str


# Reads the class ids of the training videos; called only where they have to be counted.
TrainLabels = Callable[[], Iterable[int]]


@dataclass(frozen=True)
class AllClasses:
    """Every class of the label list."""

    def choose(
        self, names: Sequence[str], train: TrainLabels, given: GivenClasses | None
    ) -> Chosen:
        return Chosen(list(range(len(names))), 'all classes')


@dataclass(frozen=True)
class RandomHalf:
    """A random half of the classes, as Text4Vis and BIKE draw it (``multi_split_test``).

    Attributes:
        seed: Seed of numpy's legacy generator, whose numbers never change.
        order: Class names in the published order, if it differs from ours. Label lists with other
            names are drawn in their own order.
    """

    seed: int
    order: tuple[str, ...] = ()

    def choose(
        self, names: Sequence[str], train: TrainLabels, given: GivenClasses | None
    ) -> Chosen:
        # the same numbers as np.random.seed, without touching the global generator
        drawn = np.random.RandomState(self.seed).permutation(len(names))[: len(names) // 2]
        rule = f'np.random.seed({self.seed}); np.random.permutation(C)[:C//2]'
        ids = {normalize_name(name): index for index, name in enumerate(names)}
        order = list(range(len(names)))
        if hash_names(names) == hash_names(self.order):
            order = [ids[normalize_name(name)] for name in self.order]
            rule += ' in the published order of the classes'
        return Chosen(sorted(order[index] for index in drawn), rule)


@dataclass(frozen=True)
class BaseClasses:
    """The given base classes, else the published ones, else those of the rule.

    The rule takes the half (rounded up) with the most training videos, ties to the larger class id.
    On the official training lists it gives the published classes of UCF101 (split 1), HMDB51 (split
    1) and Something-Something V2. Copies lack videos, so published classes are matched by name.

    Attributes:
        base, novel: Published classes; () for those of the rule.
    """

    base: tuple[str, ...] = ()
    novel: tuple[str, ...] = ()

    def choose(
        self, names: Sequence[str], train: TrainLabels, given: GivenClasses | None
    ) -> Chosen:
        ids, how = self._find(names, train, given)
        return Chosen(ids, f'base: {how}')

    def _find(
        self, names: Sequence[str], train: TrainLabels, given: GivenClasses | None
    ) -> tuple[list[int], str]:
        if given is not None:
            return sorted(given.ids), f'the given list {given.source}'
        reason = ''
        if self.base:
            if hash_names(names) == hash_names([*self.base, *self.novel]):
                ids = find_base_classes(self.base, names, 'the published list')
                return ids, 'the published list'
            reason = ' (the class names are not those of the published list)'
        return most_frequent_half(len(names), train()), f'{RULE}{reason}'


@dataclass(frozen=True)
class NovelClasses(BaseClasses):
    """All classes but those of :class:`BaseClasses`."""

    def choose(
        self, names: Sequence[str], train: TrainLabels, given: GivenClasses | None
    ) -> Chosen:
        base, how = self._find(names, train, given)
        ids = sorted(set(range(len(names))) - set(base))
        return Chosen(ids, f'novel: all but the base classes of {how}')


ClassChoice = AllClasses | RandomHalf | BaseClasses | NovelClasses

RULE = 'the half with most training videos, ties to the larger class id'


def most_frequent_half(num_classes: int, labels: Iterable[int]) -> list[int]:
    """Ids of the half (rounded up) with the most videos, ties to the larger id."""
    counts = Counter(labels)
    order = sorted(range(num_classes), key=lambda label: (-counts[label], -label))
    return sorted(order[: (num_classes + 1) // 2])


def find_base_classes(given: Sequence[str], names: Sequence[str], source: str) -> list[int]:
    """Find the ids of published base classes.

    Args:
        given: Names of the base classes; ``Apply Eye Makeup`` matches ``ApplyEyeMakeup``.
        names: All class names in id order.
        source: Where ``given`` comes from, for messages.

    Raises:
        ValueError: Unknown or repeated names, or not half of the classes (rounded up).
    """
    ids = {normalize_name(name): index for index, name in enumerate(names)}
    unknown = [name for name in given if normalize_name(name) not in ids]
    if unknown:
        raise ValueError(
            f'{len(unknown)} of {len(given)} base classes in {source} are not in the label list '
            f"(the first is '{unknown[0]}'): use its class names."
        )
    chosen = sorted({ids[normalize_name(name)] for name in given})
    half = (len(names) + 1) // 2
    if len(chosen) != half or len(given) != half:
        raise ValueError(
            f'{source} names {len(chosen)} different base classes in {len(given)} rows, but half '
            f'of {len(names)} classes is {half}: pass the list of this data set.'
        )
    return chosen
