"""Refuses checkpoints that are not those of the model, instead of going on at random weights."""

from typing import Any

from mmaction.registry import HOOKS
from mmengine.hooks import Hook
from mmengine.model import BaseTTAModel, is_model_wrapper
from mmengine.runner import Runner
from torch.distributed.fsdp import FullyShardedDataParallel

from ...clip.state_dict import load_state_dict_or_explain, unwrap


@HOOKS.register_module()
class CheckWeightsHook(Hook):
    """Stops a run whose checkpoint lacks weights of the model, or has others or other shapes.

    mmengine lists them and goes on, so that a test with the wrong config would end in numbers.
    Position tables for another number of frames still fit, they are interpolated.

    Args:
        allow_partial: Leaves it to mmengine, for a ``load_from`` that is to fill only a part of the
            model. Defaults to False.

    Raises:
        ValueError: The checkpoint does not fit.
    """

    priority = 'VERY_LOW'  # behind hooks that choose what is loaded (weight averages)

    def __init__(self, allow_partial: bool = False) -> None:
        self.allow_partial = allow_partial

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict[str, Any]) -> None:
        checkpoint['state_dict'] = state = unwrap(checkpoint).weights
        if self.allow_partial:
            return
        model = runner.model
        # FSDP itself puts whole weights into parts
        while not isinstance(model, FullyShardedDataParallel) and (
            is_model_wrapper(model) or isinstance(model, BaseTTAModel)
        ):
            model = model.module
        misfit = load_state_dict_or_explain(model, state)
        if misfit is not None:
            raise ValueError(
                f'The checkpoint does not fit the model of the config ({misfit}): give the config '
                'that it was trained with, or set allow_partial=True of its '
                'CheckWeightsHook to load what fits.'
            )
        # the runner loads it next; tables that were interpolated are not to be so a second time
        if not isinstance(model, FullyShardedDataParallel):
            checkpoint['state_dict'] = model.state_dict()
