"""What a run on a GPU should do by default: bfloat16, pinned memory, a fused optimizer."""

import copy
import functools
from collections.abc import Callable
from typing import Any

import torch

from .fixes import fix

NAMES = ('bf16', 'fused_optimizer', 'loaders')
FUSED = ('Adam', 'AdamW', 'SGD')
PREFETCH = 4  # batches that each worker prepares; torch's default of 2 runs dry between epochs
AMPERE = 8  # the first generation with bfloat16


def _on_gpu() -> bool:
    from mmengine.device import get_device

    return get_device() == 'cuda'


@fix(_on_gpu)
def use_gpus_well() -> None:
    """mmengine trains and tests in float32 and copies batches from pageable memory by default.

    Configs with ``gpu_defaults=True`` (all that build on ``_base_/default_runtime.py``) get better
    ones, see :func:`with_gpu_defaults`.
    """
    from mmengine.runner import FlexibleRunner, Runner

    for kind in (Runner, FlexibleRunner):
        kind.from_cfg = classmethod(_with_defaults(kind.from_cfg.__func__))


def _with_defaults(from_cfg: Callable) -> Callable:
    @functools.wraps(from_cfg)
    def build(cls: type, cfg: Any) -> Any:
        return from_cfg(cls, with_gpu_defaults(cfg, torch.cuda.get_device_capability()[0]))

    return build


def with_gpu_defaults(cfg: Any, generation: int) -> Any:
    """Fill in what a config leaves open for a GPU.

    - ``bf16``: autocast to bfloat16 in training (no loss scaling) and in validation and testing,
      from Ampere on. Weights, losses, norms and scores stay in fp32.
    - ``fused_optimizer``: Adam, AdamW and SGD in one launch.
    - ``loaders``: pinned memory, and four batches ahead per worker.

    What a config (or ``--amp``) sets itself stays.

    Args:
        cfg: Config of a run. ``gpu_defaults`` is True, False or ``dict(skip=[names])``; without
            this key nothing changes.
        generation: Major compute capability of the GPU.

    Returns:
        A changed copy, or the config itself.

    Raises:
        ValueError: Another value of ``gpu_defaults``.
    """
    skipped = _skipped(cfg.get('gpu_defaults', False))
    if skipped is None:
        return cfg
    cfg = copy.deepcopy(cfg)
    wrapper = cfg.get('optim_wrapper') or {}
    by_strategy = cfg.get('strategy') is not None  # FSDP and DeepSpeed have their own precision
    if 'bf16' not in skipped and not by_strategy and generation >= AMPERE:
        _use_bfloat16(cfg, wrapper)
    optimizer = wrapper.get('optimizer') or {}
    if 'fused_optimizer' not in skipped and not by_strategy and optimizer.get('type') in FUSED:
        if 'foreach' not in optimizer:
            optimizer.setdefault('fused', True)
    if 'loaders' not in skipped:
        for name in ('train', 'val', 'test'):
            loader = cfg.get(f'{name}_dataloader')
            if isinstance(loader, dict):
                loader.setdefault('pin_memory', True)
                if loader.get('num_workers'):
                    loader.setdefault('prefetch_factor', PREFETCH)
    return cfg


def _use_bfloat16(cfg: Any, wrapper: Any) -> None:
    if wrapper.get('type', 'OptimWrapper') == 'OptimWrapper' and wrapper:
        # bfloat16 has the range of float32 and needs no loss scaling
        wrapper.update(type='AmpOptimWrapper', dtype='bfloat16', loss_scale=dict(enabled=False))
    for name in ('val_cfg', 'test_cfg'):
        loop = cfg.get(name)
        if isinstance(loop, dict) and 'fp16' not in loop:
            loop['fp16'] = True  # autocast, to the type below
            torch.set_autocast_gpu_dtype(torch.bfloat16)


def _skipped(wanted: Any) -> tuple[str, ...] | None:
    """Names to skip; None for all of them."""
    if isinstance(wanted, bool) or wanted is None:
        return () if wanted else None
    skip = tuple(wanted.get('skip', ())) if isinstance(wanted, dict) else None
    if skip is None or set(wanted) - {'skip'} or set(skip) - set(NAMES):
        raise ValueError(
            f'gpu_defaults must be True, False or dict(skip=[names]) with names of '
            f'{", ".join(NAMES)}, got {wanted}.'
        )
    return skip
