"""Checks of loops without effect: no step, batch, validation, checkpoint or trained weight."""

import sys
from collections.abc import Iterator
from typing import Any

from mmengine.hooks import CheckpointHook, EarlyStoppingHook
from mmengine.runner import EpochBasedTrainLoop, find_latest_checkpoint
from torch import nn

from .view import Finding, LoopView, RunView, refuse, warn


def training_steps(view: RunView) -> Iterator[Finding]:
    """Refuse training for 0 steps."""
    if view.train is None:
        return
    loop = view.train.loop
    option = 'max_epochs' if isinstance(loop, EpochBasedTrainLoop) else 'max_iters'
    if getattr(loop, option, 1) <= 0:
        total = getattr(loop, option)
        yield refuse(f'train_cfg.{option} must be a positive integer, got {total}.')
    yield from _no_batch(view.train, view.world_size)


def evaluated_videos(view: RunView) -> Iterator[Finding]:
    """Refuse evaluation of 0 videos, and warn of dropped videos."""
    for loop in view.evaluations:
        yield from _no_batch(loop, view.world_size)
        if loop.drop_last and loop.size is not None:
            dropped = loop.size % (loop.batch_size * view.world_size)
            if dropped and dropped < loop.size:
                yield warn(
                    f'{loop.name}_dataloader drops up to {dropped} of its {loop.size} videos: set '
                    'drop_last=False to score all of them.'
                )


def _no_batch(loop: LoopView, world_size: int) -> Iterator[Finding]:
    try:
        batches = len(loop.loader)
    except TypeError:  # a stream
        return
    if batches:
        return
    name, size = f'{loop.name}_dataloader', loop.size or 0
    if not size:
        yield refuse(f'{name} has no batch because its data set is empty: check ann_file.')
        return
    limit = size // world_size
    smaller = f'set batch_size to at most {limit}, or ' if limit else 'use fewer processes, or '
    yield refuse(
        f'{name} has no batch: {size} videos make 0 batches of batch_size={loop.batch_size} on '
        f'{world_size} {"process" if world_size == 1 else "processes"} with '
        f'drop_last={loop.drop_last}; {smaller}drop_last=False.'
    )


def validation(view: RunView) -> Iterator[Finding]:
    """Refuse hooks that need a validation that never runs; warn if it runs once."""
    if view.train is None:
        return
    stopping = view.hooks(EarlyStoppingHook)
    saving = [hook for hook in view.hooks(CheckpointHook) if hook.save_best]
    asked = [hook for hook in saving if hook.save_best != ['auto']]
    if view.val is None:
        if stopping:
            yield refuse(
                'EarlyStoppingHook has no effect without validation: set val_dataloader, val_cfg '
                'and val_evaluator, or remove the hook.'
            )
        if asked:
            yield refuse(
                f'save_best={asked[0].save_best} has no effect without validation: set '
                'val_dataloader, val_cfg and val_evaluator, or save_best=None.'
            )
        return
    loop = view.train.loop
    in_epochs = isinstance(loop, EpochBasedTrainLoop)
    option = 'max_epochs' if in_epochs else 'max_iters'
    total = getattr(loop, option, None)
    begin, interval = getattr(loop, 'val_begin', 1), getattr(loop, 'val_interval', 1)
    if total is None or total <= 0:
        return
    if begin > total:
        text = f'The run is never validated: train_cfg.val_begin={begin} exceeds {option}={total}'
        if stopping or asked:
            yield refuse(f'{text}, but a hook needs its result; lower val_begin.')
        else:
            yield warn(f'{text}.')
    elif interval > total and (stopping or saving):
        yield warn(
            f'The run is validated once, at its end: train_cfg.val_interval={interval} exceeds '
            f'{option}={total}, so the best checkpoint is the last one.'
        )


def checkpoints(view: RunView) -> Iterator[Finding]:
    """Warn of checkpoints that are never saved."""
    if view.train is None:
        return
    loop = view.train.loop
    in_epochs = isinstance(loop, EpochBasedTrainLoop)
    hooks = view.hooks(CheckpointHook)
    if not hooks:
        yield warn('No checkpoint is saved: the run has no CheckpointHook.')
    for hook in hooks:
        total = loop.max_epochs if in_epochs and hook.by_epoch else getattr(loop, 'max_iters', 0)
        if hook.by_epoch and not in_epochs:
            yield warn(
                'No checkpoint is saved before the end of training: CheckpointHook.by_epoch=True, '
                f'but {type(loop).__name__} has one epoch; set by_epoch=False and an interval in '
                'iterations.'
            )
        elif not hook.save_last and not 0 < hook.interval <= total:
            yield warn(
                f'No checkpoint is saved: CheckpointHook.interval={hook.interval} in a run of '
                f'{total} with save_last=False.'
            )


def trainable(view: RunView) -> Iterator[Finding]:
    """Refuse training that changes no weight."""
    model = getattr(view.runner, 'model', None)
    if view.train is None or not isinstance(model, nn.Module):
        return
    if not any(parameter.requires_grad for parameter in model.parameters()):
        yield refuse('All parameters of the model are frozen: unfreeze some of them.')
    optimizer = (view.cfg.get('optim_wrapper') or {}).get('optimizer') or {}
    if optimizer.get('lr', 1) == 0:
        yield refuse('optim_wrapper.optimizer.lr must be positive, got 0.')


def start_of_training(view: RunView) -> Iterator[Finding]:
    """Restore the config's ``load_from``, which ``--resume`` unsets, if nothing can be resumed."""
    runner = view.runner
    resumes = getattr(runner, '_resume', False) and getattr(runner, '_load_from', None) is None
    if view.train is None or not resumes or find_latest_checkpoint(runner.work_dir) is not None:
        return
    wanted = _load_from_of_file(view)
    if wanted:
        runner._resume, runner._load_from = False, wanted  # noqa: SLF001
        yield warn(
            f'{runner.work_dir} has no checkpoint to resume from: training starts from the '
            f"config's load_from='{wanted}'."
        )
    else:
        yield warn(
            f'{runner.work_dir} has no checkpoint to resume from: training starts from scratch.'
        )


def _load_from_of_file(view: RunView) -> Any:
    """``load_from`` of the config file; ``--resume`` sets it to None."""
    from mmengine.config import Config

    try:
        return Config.fromfile(view.cfg.filename).get('load_from') if view.cfg.filename else None
    except Exception:  # the file may have moved
        return None


def random_seed(view: RunView) -> Iterator[Finding]:
    """Refuse ``--seed`` if the config overrides it."""
    if view.train is None:
        return
    seed = next(
        (
            second if first == '--seed' else first.partition('=')[2]
            for first, second in zip(sys.argv, [*sys.argv[1:], ''], strict=True)
            if first == '--seed' or first.startswith('--seed=')
        ),
        None,
    )
    set_seed = (view.cfg.get('randomness') or {}).get('seed')
    if seed is not None and str(set_seed) != seed:
        yield refuse(
            f'--seed {seed} has no effect because the config sets randomness.seed={set_seed}: '
            f'use --cfg-options randomness.seed={seed} instead.'
        )


CHECKS = (
    training_steps,
    evaluated_videos,
    validation,
    checkpoints,
    trainable,
    start_of_training,
    random_seed,
)
