"""Distributed and mixed-precision training without a GPU; attention masks in bfloat16."""

import functools
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..utils import RunRefused
from .fixes import fix


def _without_accelerator() -> bool:
    from mmengine.device import get_device

    return get_device() == 'cpu'


@fix(_without_accelerator)
def train_distributed_on_cpu() -> None:
    """mmengine selects a CUDA device in every process, so several CPU processes cannot train."""
    from mmengine.dist import utils
    from mmengine.model import MMDistributedDataParallel

    utils._init_dist_pytorch = _init_on_cpu(utils._init_dist_pytorch)
    MMDistributedDataParallel.__init__ = _wrap_on_cpu(MMDistributedDataParallel.__init__)


def _init_on_cpu(init: Callable) -> Callable:
    @functools.wraps(init)
    def init_process_group(backend: str, init_backend: str = 'torch', **kwargs: Any) -> None:
        if init_backend != 'torch':
            return init(backend, init_backend=init_backend, **kwargs)
        if backend == 'nccl':  # the host's default, for GPUs only
            print('No GPU is visible: using gloo instead of nccl.')
            backend = 'gloo'
        torch.distributed.init_process_group(backend=backend, **kwargs)

    return init_process_group


def _wrap_on_cpu(init: Callable) -> Callable:
    @functools.wraps(init)
    def __init__(self: nn.Module, module: nn.Module, *args: Any, **kwargs: Any) -> None:
        # the runner always passes device_ids, which DDP accepts on GPUs only
        if all(parameter.device.type == 'cpu' for parameter in module.parameters()):
            kwargs['device_ids'] = None
        init(self, module, *args, **kwargs)

    return __init__


@fix(_without_accelerator)
def allow_bfloat16_amp_on_cpu() -> None:
    """``--amp`` without a GPU fails an assertion, although bfloat16 works on a CPU."""
    from mmengine.optim import AmpOptimWrapper

    AmpOptimWrapper.__init__ = _amp_on_cpu(AmpOptimWrapper.__init__)


def _amp_on_cpu(init: Callable) -> Callable:
    from mmengine.optim import AmpOptimWrapper, OptimWrapper

    @functools.wraps(init)
    def __init__(
        self: AmpOptimWrapper,
        loss_scale: Any = 'dynamic',
        dtype: Any = None,
        use_fsdp: bool = False,  # selects a loss scaler
        **kwargs: Any,
    ) -> None:
        if dtype not in ('bfloat16', torch.bfloat16):
            raise RunRefused(
                f'Mixed precision (--amp, optim_wrapper.dtype={dtype}) needs a GPU, but no GPU is '
                "visible: remove it, or set optim_wrapper.dtype='bfloat16' to train in bfloat16 "
                'on the CPU.'
            )
        OptimWrapper.__init__(self, **kwargs)
        # bfloat16 has the range of float32 and needs no loss scaling
        self._scale_update_param = None
        self.loss_scaler = torch.cuda.amp.GradScaler(enabled=False)
        self.cast_dtype = torch.bfloat16

    return __init__


def _refuses_masks() -> bool:
    attend = functional.scaled_dot_product_attention
    query, mask = torch.zeros(1, 1, 1, 1, dtype=torch.bfloat16), torch.zeros(1, 1)
    try:
        with torch.autocast('cpu', dtype=torch.bfloat16):
            attend(query, query, query, attn_mask=mask)
    except RuntimeError:
        return True
    return False


@fix(_refuses_masks)
def cast_attention_masks() -> None:
    """torch 2.1 casts queries to bfloat16 under autocast but not the attention mask, and fails.

    CLIP's text towers have such a mask, so none of them runs in bfloat16 on a CPU.
    """
    attend = functional.scaled_dot_product_attention
    functional.scaled_dot_product_attention = _with_mask_cast(attend)


def _with_mask_cast(attend: Callable) -> Callable:
    @functools.wraps(attend)
    def scaled_dot_product_attention(
        query: Tensor,
        key: Tensor,
        value: Tensor,
        attn_mask: Tensor | None = None,
        *args: Any,
        **kwargs: Any,
    ) -> Tensor:
        if attn_mask is not None and attn_mask.is_floating_point():
            attn_mask = attn_mask.to(query.dtype)
        return attend(query, key, value, attn_mask, *args, **kwargs)

    return scaled_dot_product_attention
