"""Checks of files, pipelines, shared memory and disk."""

import os
import os.path as osp
import random
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import numpy as np
import torch
from mmaction.datasets import RawframeDataset
from mmengine.hooks import CheckpointHook
from mmengine.runner import EpochBasedTrainLoop
from torch import Tensor, nn

from ...compat.data_loaders import shared_memory_advice, shared_memory_free
from ...datasets import RobustReading
from ...datasets.frame_numbering import LOOKED_AT, check_numbering
from ...utils import first_line
from .view import Annotations, Finding, LoopView, RunView, refuse, warn

FILES_LOOKED_AT = 500
WEIGHT_COPIES = 3  # in a checkpoint with Adam's state
MiB = 2**20


def files_of_lists(view: RunView) -> Iterator[Finding]:
    """Refuse lists without existing files, or with more missing files than allowed."""
    for name, loop in view.loops.items():
        for data in loop.annotations:
            yield from _missing(data, name)


def _missing(data: Annotations, loop: str) -> Iterator[Finding]:
    step = max(1, len(data) // FILES_LOOKED_AT)
    looked = [name for name in data.names[::step] if name and '://' not in name]
    missing = [name for name in looked if not _exists(name)]
    if not missing:
        return
    text = (
        f'{len(missing)} of {len(looked)} files of {data.place} do not exist, such as '
        f"'{missing[0]}'"
    )
    advice = f'check data_prefix of {loop}_dataloader.dataset'
    bad = getattr(data.dataset, 'bad', None)
    if bad is not None and bad.allowed < len(missing) < len(looked):
        text += f', and max_bad_ratio={data.dataset.max_bad_ratio} allows {bad.allowed}'
        yield refuse(f'{text}: {advice}, correct the list, or increase max_bad_ratio.')
        return
    finding = refuse if len(missing) == len(looked) else warn
    yield finding(f'{text}: {advice}.')


def _exists(name: str) -> bool:
    # mmaction2 reads names without suffix as .mp4
    return osp.exists(name) or (not osp.splitext(name)[1] and osp.exists(f'{name}.mp4'))


def frame_numbers(view: RunView) -> Iterator[Finding]:
    """Refuse folders of frames that do not start at ``start_index``."""
    for loop in view.loops.values():
        for data in loop.annotations:
            dataset = data.dataset
            if isinstance(dataset, RawframeDataset):
                infos = map(data.info, range(0, len(data), max(1, len(data) // LOOKED_AT)))
                try:
                    check_numbering(infos, dataset.filename_tmpl, dataset.start_index)
                except ValueError as error:
                    yield refuse(str(error))


def pipelines(view: RunView) -> Iterator[Finding]:
    """Run each pipeline on one video, and check that batches fit into shared memory.

    Otherwise an error in validation comes after an epoch, and loaders without enough shared memory
    wait forever.
    """
    needed, largest = 0, 0
    for name, loop in view.loops.items():
        sizes = []
        for data in loop.annotations[:1]:
            try:
                sizes.append(_sample_bytes(data))
            except Exception as error:  # whatever a transform raises
                yield refuse(
                    f'The pipeline of {name}_dataloader.dataset fails on its first video '
                    f'({type(error).__name__}: {first_line(error)}): correct the pipeline or '
                    'data_prefix.'
                )
        workers = getattr(loop.loader, 'num_workers', 0)
        if sizes and workers:
            batch = sizes[0] * loop.batch_size
            # queued batches, the current one and a pinned one
            needed += batch * (workers * (loop.loader.prefetch_factor or 2) + 2)
            largest = max(largest, batch)
    free = shared_memory_free()
    needed *= view.local_processes
    if free is not None and needed > free:
        yield refuse(
            f'The data loaders need up to {needed / MiB:.0f} MiB of shared memory (one batch is '
            f'{largest / MiB:.1f} MiB) and would wait forever: {shared_memory_advice()}'
        )


def _sample_bytes(data: Annotations) -> int:
    """Bytes of one sample's tensors; 0 for data sets without a pipeline or files."""
    steps = getattr(getattr(data.dataset, 'pipeline', None), 'transforms', None)
    if not steps or not len(data) or data.names[0] is None:
        return 0
    with _keeping_random_state():
        info = data.dataset.get_data_info(0)
        try:
            return _bytes_of(data.dataset.pipeline(dict(info)))
        except Exception:
            if not isinstance(data.dataset, RobustReading):
                return _first_readable(data)
        with _stand_in(data.dataset) as black:  # perhaps the file is at fault
            return _bytes_of(data.dataset.pipeline(dict(black)))


def _stand_in(dataset: RobustReading) -> AbstractContextManager[dict]:
    return dataset.stand_in(dataset.get_data_info(0))


def _first_readable(data: Annotations) -> int:
    """Bytes of a sample in the middle of a list, or of the last one."""
    middle = data.dataset.get_data_info(len(data) // 2)
    try:
        return _bytes_of(data.dataset.pipeline(dict(middle)))
    except Exception:
        return _bytes_of(data.dataset.pipeline(dict(data.dataset.get_data_info(len(data) - 1))))


def _bytes_of(sample: Any) -> int:
    if isinstance(sample, dict):
        return sum(map(_bytes_of, sample.values()))
    if isinstance(sample, (list, tuple)):
        return sum(map(_bytes_of, sample))
    return sample.numel() * sample.element_size() if isinstance(sample, Tensor) else 0


@contextmanager
def _keeping_random_state() -> Iterator[None]:
    """Restore the state of random generators after the block."""
    states = random.getstate(), np.random.get_state(), torch.get_rng_state()
    try:
        yield
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])
        torch.set_rng_state(states[2])


def disk_space(view: RunView) -> Iterator[Finding]:
    """Refuse or warn if checkpoints do not fit on the disk."""
    model = getattr(view.runner, 'model', None)
    hooks = view.hooks(CheckpointHook)
    if view.train is None or not hooks or not isinstance(model, nn.Module):
        return
    hook, folder = hooks[0], hooks[0].out_dir or view.runner.work_dir
    if '://' in str(folder):
        return
    os.makedirs(folder, exist_ok=True)
    size = _checkpoint_bytes(model, hook.save_optimizer)
    free = shutil.disk_usage(folder).free
    count = _checkpoints_kept(view.train, hook)
    text = (
        f"'{folder}' has {free / MiB:.0f} MiB free, and a checkpoint takes about "
        f'{size / MiB:.0f} MiB'
    )
    if free < size:
        yield refuse(f'{text}: free disk space, or set another work_dir.')
    elif free < size * count:
        yield warn(
            f'{text}, of which {count} are kept: set default_hooks.checkpoint.max_keep_ckpts, or '
            'free disk space.'
        )


def _checkpoint_bytes(model: nn.Module, with_optimizer: bool) -> int:
    weights = sum(t.numel() * t.element_size() for t in [*model.parameters(), *model.buffers()])
    trained = sum(p.numel() * p.element_size() for p in model.parameters() if p.requires_grad)
    return weights + (WEIGHT_COPIES - 1) * trained * with_optimizer


def _checkpoints_kept(train: LoopView, hook: CheckpointHook) -> int:
    """Largest number at a time: kept, best, and one being written."""
    loop = train.loop
    in_epochs = isinstance(loop, EpochBasedTrainLoop) and hook.by_epoch
    total = loop.max_epochs if in_epochs else getattr(loop, 'max_iters', 1)
    kept = hook.max_keep_ckpts if hook.max_keep_ckpts > 0 else total
    saved = total // hook.interval if hook.interval > 0 else 1
    return min(kept, max(saved, 1)) + len(hook.save_best or []) + 1


CHECKS = (files_of_lists, frame_numbers, pipelines, disk_space)
