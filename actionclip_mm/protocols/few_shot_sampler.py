"""Draws K training videos per class, once, before any process starts.

The peers' common lists (X-CLIP, ViFi-CLIP) are independent draws per K; that is the default here.
Drawing within each process, as some code does, would show 8 processes up to 8K videos per class.
"""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from ..utils import list_names
from .annotations import Entry
from .identity import video_id


def draw_shots(
    entries: Sequence[Entry], shots: int, seed: int, classes: Sequence[str], nested: bool = False
) -> list[Entry]:
    """K videos of every class.

    Depends on the set of videos, K and the seed alone: neither on the order of the list nor on the
    global generators nor on the process.

    Args:
        entries: The training list.
        shots: K.
        seed: Of this draw.
        classes: Names in id order, C of them; each must have K videos.
        nested: Whether a draw of K videos holds the draws of fewer ones with the same seed.
            Defaults to False.

    Returns:
        K x C videos, sorted by class, then by name.

    Raises:
        ValueError: K is no whole number from 1 on, the seed none from 0 on, or classes have fewer
            than K videos.
    """
    for name, value, lowest in (('shots', shots, 1), ('seed', seed, 0)):
        if not isinstance(value, int) or value < lowest:
            raise ValueError(f'{name}={value!r} must be a whole number from {lowest} on.')
    by_class: dict[int, list[Entry]] = defaultdict(list)
    for entry in entries:
        by_class[entry.label].append(entry)
    _check_counts(by_class, shots, classes)
    # the seeds differ with K unless nested: then every K cuts the same permutation
    generator = np.random.default_rng([seed] if nested else [seed, shots])
    drawn: list[Entry] = []
    for label in range(len(classes)):
        members = sorted(by_class[label])
        chosen = generator.permutation(len(members))[:shots]
        drawn += sorted(members[index] for index in chosen)
    return drawn


def _check_counts(by_class: dict[int, list[Entry]], shots: int, classes: Sequence[str]) -> None:
    few = [i for i in range(len(classes)) if len(by_class[i]) < shots]
    if few:
        listed = list_names([f"'{classes[i]}' {len(by_class[i])}" for i in few], most=10)
        raise ValueError(
            f'{len(few)} of {len(classes)} classes have fewer than {shots} training videos '
            f'({listed}): take fewer shots or the full training list.'
        )


def match_published(
    given: Sequence[Entry], train: Sequence[Entry], shots: int | None, source: str
) -> list[Entry]:
    """A published list in the paths and class ids of our training list.

    Args:
        given: Lines of the published list; paths or bare file names, its own class ids.
        train: Our full training list.
        shots: How many videos each class must have; None for any.
        source: Its file, for messages.

    Raises:
        ValueError: Videos that our list lacks, class ids that contradict ours, wrong counts.
    """
    by_name = {entry.name: entry for entry in train}
    by_stem = defaultdict(list)
    for entry in train:
        by_stem[video_id(entry.name)].append(entry)
    found: list[Entry] = []
    missing: list[str] = []
    for name, *_ in given:
        same_stem = by_stem[video_id(name)]
        if name in by_name:
            found.append(by_name[name])
        elif len(same_stem) == 1:
            found.append(same_stem[0])
        else:
            missing.append(name)
    if missing:
        raise ValueError(
            f"{len(missing)} of {len(given)} videos in '{source}' are not in the training list, or "
            f"not by one name only (the first is '{missing[0]}'): give a list of this data set's "
            'training videos.'
        )
    _check_numbering(given, found, source)
    if len(set(found)) != len(found):
        raise ValueError(f"'{source}' names a video twice, by different paths: remove one.")
    _check_published_counts(found, train, shots, source)
    return found


def _check_numbering(given: Sequence[Entry], found: Sequence[Entry], source: str) -> None:
    """Another numbering of the classes is fine, another grouping of the videos is not."""
    pairs = {(theirs.label, ours.label) for theirs, ours in zip(given, found, strict=True)}
    if not len(pairs) == len({a for a, _ in pairs}) == len({b for _, b in pairs}):
        raise ValueError(
            f"The class ids in '{source}' do not go with those of the training list one to one: "
            'give a list of the same classes.'
        )


def _check_published_counts(
    found: Sequence[Entry], train: Sequence[Entry], shots: int | None, source: str
) -> None:
    if shots is None:
        return
    counts = {entry.label: 0 for entry in train}
    for entry in found:
        counts[entry.label] += 1
    wrong = {label: count for label, count in counts.items() if count != shots}
    if wrong:
        label, count = next(iter(wrong.items()))
        raise ValueError(
            f"'{source}' has {count} videos of class {label} and {len(wrong)} such classes in all, "
            f'but the protocol takes {shots} of each: give the list of {shots} shots.'
        )
