"""A stratified, seeded split that keeps clips of one source together.

Clips cut from one recording look alike: with some of them in training, validation measures memory.
The source of a clip is read from its file name, by the first of these rules that matches:

==============================  ===========================================================
``v_X_g01_c02``                 UCF101: without ``_c02``
``NAME_f_cm_np1_ri_med_3``      HMDB51: without the attributes of the clip
``NAME_part1``, ``NAME-clip2``  also seg, segment, scene, shot, chunk, cut, piece: without it
``NAME-00012-00034``            two increasing numbers, as frames or seconds (YouTube id and
                                times; ``12.5_22.5``); without them, unless the first is a date
==============================  ===========================================================

A clip whose name matches none is a source of its own.
"""

import random
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import PurePosixPath
from typing import NamedTuple

from .collection import Clip

_UCF101 = re.compile(r'(.+_g\d+)_c\d+', re.I)
_HMDB51 = re.compile(r'(.+)_[a-z]_[a-z]{2}_np\d_[a-z]{2}_[a-z]{3}_\d+', re.I)
_PART = re.compile(
    r'(.*[^\W_].*?)[\W_]*(?:part|clip|seg|segment|scene|shot|chunk|cut|piece)[\W_]?\d+', re.I
)
_TIMES = re.compile(r'(.*[^\W_].*?)[-_](\d+(?:\.\d+)?)[-_](\d+(?:\.\d+)?)s?')
_DATE = re.compile(r'(19|20)\d\d(0[1-9]|1[0-2])([0-2]\d|3[01])')


class Grouping(NamedTuple):
    """What the split went by.

    Attributes:
        sources: Number of sources with several clips.
        clips: Number of their clips.
        torn: Classes whose sources could not be kept together, because they have only one.
    """

    sources: int
    clips: int
    torn: list[str]


def source_of(path: str) -> str | None:
    """Name of the recording that a clip was cut from, None if its file name does not say so."""
    stem = PurePosixPath(path).stem
    for rule in (_UCF101, _HMDB51, _PART):
        if match := rule.fullmatch(stem):
            return match[1].casefold()
    match = _TIMES.fullmatch(stem)
    if match and float(match[2]) < float(match[3]) and not _DATE.fullmatch(match[2]):
        return match[1].casefold()
    return None


def split_clips(
    clips: Sequence[Clip], val_ratio: float, seed: int
) -> tuple[list[Clip], list[Clip], Grouping]:
    """Split clips into training and validation.

    Each class has at least one clip on each side. A source is kept on one side, also when its clips
    are of several classes; where that leaves a class without one side, sources count within each
    class, and in a class of a single source the clips count one by one.

    Args:
        clips: At least two clips per class.
        val_ratio: Share of each class for validation, in (0, 1).
        seed: Of the random order.

    Returns:
        Training clips, validation clips (both sorted by path), and what was kept together.
    """
    names = {clip: source_of(clip.path) for clip in clips}
    torn: list[str] = []

    def by_source(clip: Clip) -> tuple[str, ...]:
        return (clip.path, '') if names[clip] is None else (str(names[clip]),)

    def within_class(clip: Clip) -> tuple[str, ...]:
        key = by_source(clip)
        return (clip.path, '') if clip.label in torn else (clip.label, *key)

    keys: Callable[[Clip], tuple[str, ...]] = by_source
    val = _draw(clips, keys, val_ratio, seed)
    if val is None:
        sources = defaultdict(set)
        for clip in clips:
            sources[clip.label].add(by_source(clip))
        torn = sorted(label for label, found in sources.items() if len(found) == 1)
        keys = within_class
        val = _draw(clips, keys, val_ratio, seed)
        assert val is not None  # two groups per class, none of them shared
    kept = Counter(keys(clip) for clip in clips)
    shared = [number for number in kept.values() if number > 1]
    ordered = sorted(clips, key=lambda clip: clip.path)
    train = [replace(clip, split='train') for clip in ordered if clip not in val]
    return (
        train,
        [replace(clip, split='val') for clip in ordered if clip in val],
        Grouping(len(shared), sum(shared), torn),
    )


def _draw(
    clips: Sequence[Clip], key: Callable[[Clip], tuple[str, ...]], ratio: float, seed: int
) -> set[Clip] | None:
    """Clips of the groups drawn for validation; None if a class would lack one side."""
    groups: dict[tuple[str, ...], list[Clip]] = defaultdict(list)
    for clip in sorted(clips, key=lambda clip: clip.path):
        groups[key(clip)].append(clip)
    order = list(groups.values())
    random.Random(seed).shuffle(order)
    totals = Counter(clip.label for clip in clips)
    wanted = {c: min(max(1, round(ratio * n)), n - 1) for c, n in totals.items()}
    of_class: dict[str, list[tuple[int, Counter[str]]]] = defaultdict(list)
    for number, group in enumerate(order):
        sizes = Counter(clip.label for clip in group)
        for label in sizes:
            of_class[label].append((number, sizes))
    taken: Counter[str] = Counter()
    drawn: set[int] = set()

    def take(label: str, fits: Callable[[str, int], bool]) -> None:
        for number, sizes in of_class[label]:
            if taken[label] >= wanted[label]:
                return
            if number not in drawn and all(fits(c, taken[c] + n) for c, n in sizes.items()):
                drawn.add(number)
                taken.update(sizes)

    for label in sorted(totals, key=lambda c: (len(of_class[c]), c)):  # the least choice first
        take(label, lambda c, n: n <= wanted[c])
        if not taken[label]:  # all its groups are larger: take the smallest
            of_class[label].sort(key=lambda item: item[1][label])
            wanted[label] = max(1, min(wanted[label], of_class[label][0][1][label]))
            take(label, lambda c, n: n < totals[c])
    if any(not taken[label] for label in totals):
        return None
    return {clip for number in drawn for clip in order[number]}
