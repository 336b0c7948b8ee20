"""mmengine's FSDP strategy with what it gets wrong put right: clipping and resuming."""

from typing import Any

from mmengine._strategy import FSDPStrategy
from mmengine.device import get_device
from mmengine.registry import STRATEGIES
from torch.distributed.fsdp import FullOptimStateDictConfig, FullyShardedDataParallel


@STRATEGIES.register_module()
class ShardedStrategy(FSDPStrategy):
    """Trains with FSDP; checkpoints are whole ones, which every other run can load.

    Args:
        model_wrapper: Config of the wrapper. Defaults to ``dict(type='ShardedDataParallel')``.
        **kwargs: As in mmengine's ``FSDPStrategy``, but ``state_dict_cfg`` is always ``'full'``.

    Raises:
        RuntimeError: The run has one process only.
    """

    def __init__(self, *, model_wrapper: dict | None = None, **kwargs: Any) -> None:
        super().__init__(
            model_wrapper=model_wrapper or dict(type='ShardedDataParallel'),
            state_dict_cfg='full',
            **kwargs,
        )
        if get_device() == 'cpu':
            # "to the CPU" copies nothing here: torch would hand out views of one buffer, into which
            # it writes one state after another
            self.optim_state_dict_config = FullOptimStateDictConfig(
                rank0_only=True, offload_to_cpu=False
            )
        if not self.distributed:
            raise RuntimeError(
                'FSDP shares a model among processes but the run has one: start it with '
                'tools/dist_train.sh or --launcher pytorch, or leave runner_type and strategy out.'
            )

    def build_optim_wrapper(self, optim_wrapper: Any, model: Any = None) -> Any:
        """The host's, whose clipping would take the norm of each process' part alone."""
        wrapper = super().build_optim_wrapper(optim_wrapper, model)
        if wrapper.clip_grad_kwargs and wrapper.grad_name == 'grad_norm':
            wrapper.clip_func = lambda params, **kwargs: model.clip_grad_norm_(**kwargs)
        return wrapper

    def optim_state_dict(self) -> dict:
        """The state of the whole model's optimizer, on the first process."""
        state = FullyShardedDataParallel.optim_state_dict(self.model, self.optim_wrapper.optimizer)
        own = self.optim_wrapper.state_dict()
        for key in ('loss_scaler', 'base_param_settings'):
            if key in own:
                state[key] = own[key]
        return state

    def load_optim_state_dict(self, state_dict: dict) -> None:
        """The host hands torch's arguments over in the order of torch 2.0."""
        extra = {
            k: state_dict.pop(k) for k in ('loss_scaler', 'base_param_settings') if k in state_dict
        }
        state = FullyShardedDataParallel.optim_state_dict_to_load(
            model=self.model, optim=self.optim_wrapper.optimizer, optim_state_dict=state_dict
        )
        self.optim_wrapper.load_state_dict(state | extra)
