"""Which classes a test or a training keeps; the others are unknown to the classifier then.

Those with ``counts_videos`` look at the training list, unless the base classes are given.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..models.text.label_names import plain
from .annotations import Entry


@dataclass(frozen=True)
class AllClasses:
    """Every class of the label list."""

    rule = 'all classes'
    counts_videos = False

    def choose(self, num_classes: int, train: Sequence[Entry], base: Sequence[int] | None) -> list:
        return list(range(num_classes))


@dataclass(frozen=True)
class RandomHalf:
    """Half of the classes, as Text4Vis and BIKE draw them (``multi_split_test``).

    Attributes:
        seed: Of numpy's old generator, whose numbers never change.
    """

    seed: int
    counts_videos = False

    @property
    def rule(self) -> str:
        return f'np.random.seed({self.seed}); np.random.permutation(C)[:C//2]'

    def choose(self, num_classes: int, train: Sequence[Entry], base: Sequence[int] | None) -> list:
        # a generator of its own gives the same numbers and leaves the global one alone
        drawn = np.random.RandomState(self.seed).permutation(num_classes)[: num_classes // 2]
        return sorted(int(index) for index in drawn)


@dataclass(frozen=True)
class BaseClasses:
    """The half (rounded up) with most training videos; ties go to the smaller class id.

    Published base classes, where given, replace the rule.
    """

    rule = 'base: the half with most training videos, ties to the smaller class id'
    counts_videos = True

    def choose(self, num_classes: int, train: Sequence[Entry], base: Sequence[int] | None) -> list:
        if base is not None:
            return sorted(base)
        counts = Counter(entry.label for entry in train)
        order = sorted(range(num_classes), key=lambda label: (-counts[label], label))
        return sorted(order[: (num_classes + 1) // 2])


@dataclass(frozen=True)
class NovelClasses:
    """The classes that :class:`BaseClasses` leaves."""

    rule = 'novel: the classes that are not base'
    counts_videos = True

    def choose(self, num_classes: int, train: Sequence[Entry], base: Sequence[int] | None) -> list:
        chosen = set(BaseClasses().choose(num_classes, train, base))
        return [label for label in range(num_classes) if label not in chosen]


ClassChoice = AllClasses | RandomHalf | BaseClasses | NovelClasses


def find_base_classes(given: Sequence[str], names: Sequence[str], source: str) -> list[int]:
    """Ids of published base classes.

    Args:
        given: Names of the base classes; ``Apply Eye Makeup`` and ``ApplyEyeMakeup`` are one.
        names: All class names in id order.
        source: Where ``given`` comes from, for messages.

    Raises:
        ValueError: An unknown name, a name twice, or not half of the classes (rounded up).
    """
    ids = {plain(name): index for index, name in enumerate(names)}
    unknown = [name for name in given if plain(name) not in ids]
    if unknown:
        raise ValueError(
            f'{len(unknown)} of {len(given)} base classes in {source} are not in the label list '
            f"(the first is '{unknown[0]}'): give names of its classes."
        )
    chosen = sorted({ids[plain(name)] for name in given})
    half = (len(names) + 1) // 2
    if len(chosen) != half or len(given) != half:
        raise ValueError(
            f'{source} names {len(chosen)} different base classes in {len(given)} rows but half of '
            f'{len(names)} classes are {half}: give the list that belongs to this data set.'
        )
    return chosen
