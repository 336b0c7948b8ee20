"""Files, pipelines, shared memory, disk: can a run read its data and save its weights?"""

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
COPIES_OF_WEIGHTS = 3  # in a checkpoint with the state of Adam
MiB = 2**20


def files_of_lists(view: RunView) -> Iterator[Finding]:
    """Refuse lists none of whose files exist, and those that miss more than they may."""
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
    if len(missing) == len(looked):
        yield refuse(f'{text}: {advice}.')
        return
    bad = getattr(data.dataset, 'bad', None)
    if bad is not None and len(missing) > bad.allowed:
        yield refuse(
            f'{text}, and max_bad_ratio={data.dataset.max_bad_ratio} allows {bad.allowed}: '
            f'{advice}, correct the list, or raise max_bad_ratio.'
        )
    else:
        yield warn(f'{text}: {advice}.')


def _exists(name: str) -> bool:
    # mmaction2 reads names without suffix as .mp4
    return osp.exists(name) or (not osp.splitext(name)[1] and osp.exists(f'{name}.mp4'))


def frame_numbers(view: RunView) -> Iterator[Finding]:
    """Refuse folders of frames that ``start_index`` reads one frame off."""
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
    """Send one video through each pipeline: errors of validation would come after an epoch.

    The bytes of the sample tell how much shared memory the batches of a loader's workers take,
    without which it waits for ever.
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
            # in queues, one that is computed on, and one that is pinned
            needed += batch * (workers * (loop.loader.prefetch_factor or 2) + 2)
            largest = max(largest, batch)
    free = shared_memory_free()
    needed *= view.local_processes
    if free is not None and needed > free:
        yield refuse(
            f'The data loaders need up to {needed / MiB:.0f} MiB of shared memory (one batch is '
            f'{largest / MiB:.1f} MiB) and would wait for ever: {shared_memory_advice()}'
        )


def _sample_bytes(data: Annotations) -> int:
    """Bytes of the tensors of one sample; 0 for data sets without a pipeline or files."""
    steps = getattr(getattr(data.dataset, 'pipeline', None), 'transforms', None)
    if not steps or not len(data) or data.names[0] is None:
        return 0
    with _same_random_numbers():
        info = data.dataset.get_data_info(0)
        try:
            return _bytes_of(data.dataset.pipeline(dict(info)))
        except Exception:
            if not isinstance(data.dataset, RobustReading):
                return _first_readable(data)
        with _stand_in(data.dataset) as black:  # the file may be to blame, not the pipeline
            return _bytes_of(data.dataset.pipeline(dict(black)))


def _stand_in(dataset: RobustReading) -> AbstractContextManager[dict]:
    return dataset.stand_in(dataset.get_data_info(0))


def _first_readable(data: Annotations) -> int:
    """The same for data sets that have no stand-in: a video in the middle, then the last one."""
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
def _same_random_numbers() -> Iterator[None]:
    """The numbers that are drawn within the block are drawn again after it."""
    states = random.getstate(), np.random.get_state(), torch.get_rng_state()
    try:
        yield
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])
        torch.set_rng_state(states[2])


def disk_space(view: RunView) -> Iterator[Finding]:
    """Compare the checkpoints of the run with the free disk."""
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
        yield refuse(f'{text}: free some space, or set another work_dir.')
    elif free < size * count:
        yield warn(
            f'{text}, of which {count} are kept: set default_hooks.checkpoint.max_keep_ckpts, or '
            'free some space.'
        )


def _checkpoint_bytes(model: nn.Module, with_optimizer: bool) -> int:
    weights = sum(t.numel() * t.element_size() for t in [*model.parameters(), *model.buffers()])
    trained = sum(p.numel() * p.element_size() for p in model.parameters() if p.requires_grad)
    return weights + (COPIES_OF_WEIGHTS - 1) * trained * with_optimizer


def _checkpoints_kept(train: LoopView, hook: CheckpointHook) -> int:
    """How many there are at most at a time: kept ones, the best ones, and one being written."""
    loop = train.loop
    in_epochs = isinstance(loop, EpochBasedTrainLoop) and hook.by_epoch
    total = loop.max_epochs if in_epochs else getattr(loop, 'max_iters', 1)
    kept = hook.max_keep_ckpts if hook.max_keep_ckpts > 0 else total
    saved = total // hook.interval if hook.interval > 0 else 1
    return min(kept, max(saved, 1)) + len(hook.save_best or []) + 1


CHECKS = (files_of_lists, frame_numbers, pipelines, disk_space)
