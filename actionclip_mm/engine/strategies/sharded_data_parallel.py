"""torch's FSDP around a CLIP recognizer: each process holds a part of every weight."""

from typing import Any

import torch.distributed as dist
from mmaction.registry import MODEL_WRAPPERS
from mmengine.device import get_device
from mmengine.model.wrappers import MMFullyShardedDataParallel
from mmengine.registry import FUNCTIONS
from torch import Tensor, device, nn

from ...clip import Bottleneck, CustomResidualAttentionBlock, ResidualAttentionBlock

_BLOCKS = (ResidualAttentionBlock, CustomResidualAttentionBlock, Bottleneck)


@FUNCTIONS.register_module()
def clip_blocks(module: nn.Module, recurse: bool, nonwrapped_numel: int) -> bool:
    """Which modules become units of their own: the blocks of towers and of Transf.

    The weights of a unit are whole only while it computes.
    """
    of_timm = type(module).__module__.startswith('timm.') and type(module).__name__.endswith(
        'Block'
    )
    return recurse or of_timm or isinstance(module, _BLOCKS)


@MODEL_WRAPPERS.register_module()
class ShardedDataParallel(MMFullyShardedDataParallel):
    """mmengine's FSDP wrapper for models with scalar parameters, on GPUs and on the CPU.

    FSDP refuses scalars, and CLIP has one: ``logit_scale``. Scalars stay whole on every process,
    and their gradients are averaged as DDP would. Every process starts from the weights of the
    first one.

    Args:
        module: The recognizer.
        device_id: GPU of this process; ignored where there is none.
        auto_wrap_policy: As in :class:`MMFullyShardedDataParallel`. Defaults to ``'clip_blocks'``.
        **kwargs: As in :class:`MMFullyShardedDataParallel`.
    """

    def __init__(
        self,
        module: nn.Module,
        device_id: int | None = None,
        auto_wrap_policy: Any = 'clip_blocks',
        **kwargs: Any,
    ) -> None:
        module.to(get_device())
        for tensor in (*module.parameters(), *module.buffers()):
            dist.broadcast(tensor.data, src=0)
        scalars = [parameter for parameter in module.parameters() if parameter.dim() == 0]
        for parameter in module.parameters():
            setattr(parameter, 'whole_dim', parameter.dim())  # noqa: B010  of a part it is always 1
        super().__init__(
            module=module,
            device_id=device('cpu') if get_device() == 'cpu' else device_id,
            auto_wrap_policy=auto_wrap_policy,
            use_orig_params=True,  # optimizer groups and frozen stages need parameters, not units
            ignored_states=scalars,
            **kwargs,
        )
        for parameter in scalars:
            if parameter.requires_grad:
                parameter.register_post_accumulate_grad_hook(_average_gradient)


def _average_gradient(parameter: Tensor) -> None:
    assert parameter.grad is not None
    dist.all_reduce(parameter.grad)
    parameter.grad /= dist.get_world_size()
