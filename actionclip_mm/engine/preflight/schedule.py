"""Checks of schedules against the length of the run, and of the learning rate."""

import math
from collections.abc import Iterator
from typing import Any

from mmengine.runner import EpochBasedTrainLoop

from .view import Finding, RunView, refuse, warn

BATCH_RATIO = 4  # of batch sizes, from which on a learning rate needs a warning


def schedule_length(view: RunView) -> Iterator[Finding]:
    """Compare schedulers with the epochs or iterations of the run."""
    if view.train is None:
        return
    loop = view.train.loop
    in_epochs = isinstance(loop, EpochBasedTrainLoop)
    schedulers = _configs(view)
    last = None
    for place, scheduler in schedulers:
        by_epoch = scheduler.get('by_epoch', True)
        name = f'{place} ({scheduler.get("type")})'
        converted = by_epoch and scheduler.get('convert_to_iter_based', False)
        if by_epoch and not in_epochs and not converted:
            yield refuse(
                f'{name} counts epochs and {type(loop).__name__} has none, so it would never step: '
                'set by_epoch=False, and begin and end in iterations.'
            )
            continue
        unit = 'epoch' if by_epoch else 'iteration'
        total = loop.max_epochs if by_epoch else loop.max_iters
        begin, end = scheduler.get('begin', 0), scheduler.get('end', math.inf)
        if converted and not in_epochs:  # mmengine counts passes through the loader as epochs
            total, end = math.ceil(loop.max_iters / len(view.train.loader)), scheduler.get('end', 1)
        if total > 0:
            yield from _one(name, scheduler, begin, end, total, unit)
            covered = min(end / total, 1)
            if last is None or covered >= last[0]:
                last = covered, name, scheduler, end, total, unit
    if last is not None and last[0] < 1 and _decays(last[2]):
        covered, name, _, end, total, unit = last
        yield warn(
            f'{name} ends at {unit} {end} of {total}, and no other follows: the learning rate is '
            f'constant for the last {1 - covered:.0%} of the run.'
        )


def _one(
    name: str, scheduler: dict, begin: float, end: float, total: int, unit: str
) -> Iterator[Finding]:
    if begin >= total and begin > 0:
        yield warn(f'{name} has no effect: it begins at {unit} {begin} and the run has {total}.')
    elif _warms_up(scheduler):
        if math.isfinite(end) and end >= total:
            yield warn(
                f'{name} is a warm-up of {end} {unit}s and the run has {total}: the learning rate '
                'never reaches its full value before the end; shorten end, or train longer.'
            )
    elif math.isfinite(end) and end > total:
        yield warn(
            f'{name} ends at {unit} {end} but the run has {total} {unit}s: it is cut off; set end '
            f'to {total}.'
        )
    period = scheduler.get('T_max')
    if period and math.isfinite(end) and period < min(end, total) - begin:
        yield warn(
            f'{name} has T_max={period} and lasts {min(end, total) - begin} {unit}s: a cosine '
            f'rises again after T_max; set T_max={min(end, total) - begin}.'
        )
    steps = scheduler.get('milestones')
    if steps and min(steps) >= total:
        yield warn(f'{name} reaches none of its milestones {list(steps)} in {total} {unit}s.')


def _configs(view: RunView) -> list[tuple[str, dict]]:
    """Configs of schedulers that are not built yet, with their config keys."""
    found = getattr(view.runner, 'param_schedulers', None) or []
    groups: list[tuple[str, Any]] = [('param_scheduler', found)]
    if isinstance(found, dict) and 'type' not in found:  # one list for each optimizer
        groups = [(f'param_scheduler.{name}', part) for name, part in found.items()]
    configs = []
    for place, part in groups:
        parts = part if isinstance(part, (list, tuple)) else [part]
        for number, scheduler in enumerate(parts):
            if isinstance(scheduler, dict):
                configs.append((f'{place}[{number}]', scheduler))
    return configs


def _warms_up(scheduler: dict) -> bool:
    kind = str(scheduler.get('type'))
    if not kind.startswith(('Linear', 'Constant')):
        return False
    return scheduler.get('start_factor', scheduler.get('factor', 1 / 3)) < scheduler.get(
        'end_factor', 1.0
    )


def _decays(scheduler: dict) -> bool:
    kind = str(scheduler.get('type'))
    if kind.startswith('Linear'):
        return not _warms_up(scheduler)
    return kind.startswith(('Cosine', 'Poly', 'Exponential', 'OneCycle'))


def learning_rate_of_batch(view: RunView) -> Iterator[Finding]:
    """Compare the batch size with the one that the learning rate is meant for."""
    scale = view.cfg.get('auto_scale_lr') or {}
    base = scale.get('base_batch_size')
    if view.train is None:
        return
    if scale.get('enable') and not base:
        yield refuse(
            'auto_scale_lr.enable=True needs auto_scale_lr.base_batch_size, the batch size that '
            'the learning rate is meant for.'
        )
    batch = view.train.batch_size * view.world_size
    if base and not scale.get('enable') and not 1 / BATCH_RATIO < batch / base < BATCH_RATIO:
        yield warn(
            f'The learning rate is meant for batches of {base} videos, and this run has {batch}: '
            'set auto_scale_lr.enable=True (--auto-scale-lr) to scale it.'
        )


CHECKS = (schedule_length, learning_rate_of_batch)
