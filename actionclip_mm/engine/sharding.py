"""FSDP for CLIP recognizers: each process holds a shard of every weight."""

from typing import Any

import torch.distributed as dist
from mmaction.registry import MODEL_WRAPPERS
from mmengine._strategy import FSDPStrategy
from mmengine.device import get_device
from mmengine.model.wrappers import MMFullyShardedDataParallel
from mmengine.registry import FUNCTIONS, STRATEGIES
from torch import Tensor, device, nn
from torch.distributed.fsdp import FullOptimStateDictConfig, FullyShardedDataParallel

from ..clip import Bottleneck, CustomResidualAttentionBlock, ResidualAttentionBlock
from ..utils import RunRefused

_BLOCKS = (ResidualAttentionBlock, CustomResidualAttentionBlock, Bottleneck)


@FUNCTIONS.register_module()
def clip_blocks(module: nn.Module, recurse: bool, nonwrapped_numel: int) -> bool:
    """FSDP policy that wraps the blocks of towers and of Transf.

    Each block's weights are gathered while it computes.
    """
    of_timm = type(module).__module__.startswith('timm.') and type(module).__name__.endswith(
        'Block'
    )
    return recurse or of_timm or isinstance(module, _BLOCKS)


@MODEL_WRAPPERS.register_module()
class ShardedDataParallel(MMFullyShardedDataParallel):
    """mmengine's FSDP wrapper for models with scalar parameters, on GPUs and CPUs.

    FSDP refuses scalars such as CLIP's ``logit_scale``. They are replicated, and their gradients
    are averaged as in DDP. All processes start from the weights of the first one.

    Args:
        module: The recognizer.
        device_id: GPU of this process; ignored without a GPU.
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
            setattr(parameter, 'whole_dim', parameter.dim())  # noqa: B010  shards are 1-D
        super().__init__(
            module=module,
            device_id=device('cpu') if get_device() == 'cpu' else device_id,
            auto_wrap_policy=auto_wrap_policy,
            use_orig_params=True,  # optimizer groups and frozen stages need parameters
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


@STRATEGIES.register_module()
class ShardedStrategy(FSDPStrategy):
    """mmengine's FSDP strategy with gradient clipping and resuming fixed.

    Checkpoints are unsharded, so that any other run can load them.

    Args:
        model_wrapper: Config of the wrapper. Defaults to ``dict(type='ShardedDataParallel')``.
        **kwargs: As in mmengine's ``FSDPStrategy``, but ``state_dict_cfg`` is always ``'full'``.

    Raises:
        RunRefused: The run has a single process.
    """

    def __init__(self, *, model_wrapper: dict | None = None, **kwargs: Any) -> None:
        super().__init__(
            model_wrapper=model_wrapper or dict(type='ShardedDataParallel'),
            state_dict_cfg='full',
            **kwargs,
        )
        if get_device() == 'cpu':
            # offloading copies nothing here: torch returns views of one buffer, which it overwrites
            self.optim_state_dict_config = FullOptimStateDictConfig(
                rank0_only=True, offload_to_cpu=False
            )
        if not self.distributed:
            raise RunRefused(
                'FSDP needs several processes, but the run has one: start it with '
                'tools/dist_train.sh or --launcher pytorch, or remove runner_type and strategy.'
            )

    def build_optim_wrapper(self, optim_wrapper: Any, model: Any = None) -> Any:
        """Build the host's wrapper, and clip by the norm of all shards instead of one."""
        wrapper = super().build_optim_wrapper(optim_wrapper, model)
        if wrapper.clip_grad_kwargs and wrapper.grad_name == 'grad_norm':
            wrapper.clip_func = lambda params, **kwargs: model.clip_grad_norm_(**kwargs)
        return wrapper

    def optim_state_dict(self) -> dict:
        """Unsharded state of the optimizer, on the first process."""
        state = FullyShardedDataParallel.optim_state_dict(self.model, self.optim_wrapper.optimizer)
        own = self.optim_wrapper.state_dict()
        for key in ('loss_scaler', 'base_param_settings'):
            if key in own:
                state[key] = own[key]
        return state

    def load_optim_state_dict(self, state_dict: dict) -> None:
        """Load with keyword arguments; the host passes them in the order of torch 2.0."""
        extra = {
            k: state_dict.pop(k) for k in ('loss_scaler', 'base_param_settings') if k in state_dict
        }
        state = FullyShardedDataParallel.optim_state_dict_to_load(
            model=self.model, optim=self.optim_wrapper.optimizer, optim_state_dict=state_dict
        )
        self.optim_wrapper.load_state_dict(state | extra)
