"""What a result card holds, and the check that a file does."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

VERSION = 2

# What is counted of the videos of a run.
COUNTS = ('listed', 'scored', 'failed')


@dataclass(frozen=True)
class Maybe:
    """A value of the given kind, or null."""

    kind: Any


@dataclass(frozen=True)
class MapOf:
    """A JSON object with any keys and values of one kind."""

    kind: Any


# A kind is a type, a dict of keys (all of them must be there), a list with one kind, or the above.
# float takes whole numbers too; object takes anything.
_LIST = dict(count=int, sha256=str, identity=str, published=Maybe(str))

_RUN = dict(
    run=str,
    part=str,
    seed=int,
    training_seed=Maybe(int),
    classes=dict(_LIST, rule=str),
    test_list=_LIST,
    train_list=Maybe(dict(_LIST, source=str)),
    checkpoint_sha256=str,
    videos=dict.fromkeys(COUNTS, int),
    failed_videos=[str],
    metrics=MapOf(float),
    per_class=dict(metric=str, classes=[dict(name=str, videos=int, value=Maybe(float))]),
)

SCHEMA: dict[str, Any] = dict(
    schema=int,
    fingerprint=str,
    protocol=dict(
        id=str, meaning=str, dataset=str, shots=Maybe(int), statistic=str, differences=[str]
    ),
    model=dict(
        config=str,
        config_sha256=str,
        options=MapOf(object),
        recognizer=str,
        backbone=str,
        arch=Maybe(object),
        pretrained=Maybe(str),
        visual_prompt=Maybe(str),
        pooling=Maybe(str),
        head=str,
        test_scale=Maybe(float),
        mean=[float],
        std=[float],
        checkpoint_sha256=Maybe(str),
    ),
    text=Maybe(
        dict(templates=object, num_templates=int, ensemble=str, split_names=bool, context=bool)
    ),
    test=dict(
        frames=int,
        clips=int,
        crops=int,
        average_clips=Maybe(str),
        scores=Maybe(str),
        sampling=MapOf(object),
        resize=[MapOf(object)],
        crop=[MapOf(object)],
        modality=str,
    ),
    training=Maybe(
        dict(
            start=str,
            epochs=Maybe(int),
            batch_size=int,
            processes=int,
            drop_last=bool,
            optimizer=MapOf(object),
            draws=str,
        )
    ),
    runs=[_RUN],
    statistics=[
        dict(part=str, metric=str, mean=float, std=Maybe(float), ddof=int, n=int),
    ],
    evidence=[dict(run=str, part=str, file=str, sha256=str)],
    made=dict(
        date=str,
        seconds=float,
        processes=int,
        command=str,
        versions=MapOf(Maybe(str)),
        git_commit=Maybe(str),
        device=str,
    ),
)


def check(value: Any, kind: Any = None, place: str = 'the card') -> None:
    """Compares a value with a kind, all the way down.

    Raises:
        ValueError: What was found at which place, and what belongs there.
    """
    kind = SCHEMA if kind is None else kind
    if isinstance(kind, Maybe):
        if value is not None:
            check(value, kind.kind, place)
    elif isinstance(kind, dict):
        _check_keys(value, kind, place)
    elif isinstance(kind, MapOf):
        _expect(isinstance(value, Mapping), value, 'an object', place)
        for key, item in value.items():
            check(item, kind.kind, f'{place}.{key}')
    elif isinstance(kind, list):
        _expect(isinstance(value, list), value, 'a list', place)
        for index, item in enumerate(value):
            check(item, kind[0], f'{place}[{index}]')
    else:
        _check_plain(value, kind, place)


def _check_keys(value: Any, kind: dict[str, Any], place: str) -> None:
    _expect(isinstance(value, Mapping), value, 'an object', place)
    missing = [key for key in kind if key not in value]
    unknown = [str(key) for key in value if key not in kind]
    if missing or unknown:
        said = f'lacks {", ".join(missing)}' if missing else f'has the unknown {", ".join(unknown)}'
        raise ValueError(f'{place} {said[:200]}')
    for key, item in value.items():
        check(item, kind[key], f'{place}.{key}')


def _check_plain(value: Any, kind: type, place: str) -> None:
    if kind is object:
        return
    if kind is float:
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        _expect(number and math.isfinite(value), value, 'a finite number', place)
    elif kind is int:
        count = isinstance(value, int) and not isinstance(value, bool) and value >= 0
        _expect(count, value, 'a whole number from 0 on', place)
    else:
        _expect(isinstance(value, kind), value, {str: 'text', bool: 'true or false'}[kind], place)


def _expect(fits: bool, value: Any, wanted: str, place: str) -> None:
    if not fits:
        raise ValueError(f'{place} is {str(value)[:60]!r} but must be {wanted}')
