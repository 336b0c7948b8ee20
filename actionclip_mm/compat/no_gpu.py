"""Several processes and mixed precision on machines without a GPU."""

import functools
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from .replace import is_ours, mark


def _without_accelerator() -> bool:
    from mmengine.device import get_device

    return get_device() == 'cpu'


def gloo_without_gpu() -> None:
    """mmengine selects a CUDA device in every process: train on several CPU processes as well."""
    from mmengine.dist import utils
    from mmengine.model import MMDistributedDataParallel

    if not _without_accelerator():
        return
    if not is_ours(utils._init_dist_pytorch):
        utils._init_dist_pytorch = _init_on_cpu(utils._init_dist_pytorch)
    if not is_ours(MMDistributedDataParallel.__init__):
        MMDistributedDataParallel.__init__ = _wrap_on_cpu(MMDistributedDataParallel.__init__)


def _init_on_cpu(init: Callable) -> Callable:
    @functools.wraps(init)
    def init_process_group(backend: str, init_backend: str = 'torch', **kwargs: Any) -> None:
        if init_backend != 'torch':
            return init(backend, init_backend=init_backend, **kwargs)
        if backend == 'nccl':  # the host's default, which exists for GPUs only
            print('No GPU is visible: the processes talk through gloo instead of nccl.')
            backend = 'gloo'
        torch.distributed.init_process_group(backend=backend, **kwargs)

    return mark(init_process_group)


def _wrap_on_cpu(init: Callable) -> Callable:
    @functools.wraps(init)
    def __init__(self: nn.Module, module: nn.Module, *args: Any, **kwargs: Any) -> None:
        # the runner always passes device_ids, which DDP accepts for GPU modules only
        if all(parameter.device.type == 'cpu' for parameter in module.parameters()):
            kwargs['device_ids'] = None
        init(self, module, *args, **kwargs)

    return mark(__init__)


def amp_without_gpu() -> None:
    """``--amp`` without a GPU: bfloat16 autocast if asked for, otherwise one clear sentence."""
    from mmengine.optim import AmpOptimWrapper

    if _without_accelerator() and not is_ours(AmpOptimWrapper.__init__):
        AmpOptimWrapper.__init__ = _amp_on_cpu(AmpOptimWrapper.__init__)


def _amp_on_cpu(init: Callable) -> Callable:
    from mmengine.optim import AmpOptimWrapper, OptimWrapper

    @functools.wraps(init)
    def __init__(
        self: AmpOptimWrapper,
        loss_scale: Any = 'dynamic',
        dtype: Any = None,
        use_fsdp: bool = False,  # chooses a scaler of the loss
        **kwargs: Any,
    ) -> None:
        if dtype not in ('bfloat16', torch.bfloat16):
            raise RuntimeError(
                f'mixed precision was asked for (--amp, optim_wrapper.dtype={dtype}) but no GPU '
                "is visible: leave it out, or set optim_wrapper.dtype='bfloat16' to train in "
                'bfloat16 on the CPU'
            )
        OptimWrapper.__init__(self, **kwargs)
        # bfloat16 has the range of float32, so nothing is to be scaled
        self._scale_update_param = None
        self.loss_scaler = torch.cuda.amp.GradScaler(enabled=False)
        self.cast_dtype = torch.bfloat16

    return mark(__init__)
