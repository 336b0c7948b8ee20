"""Load weights in a run: .safetensors files too, and only weights that fit the model."""

from pathlib import Path
from typing import Any

from mmaction.registry import HOOKS
from mmengine.hooks import Hook
from mmengine.model import BaseTTAModel, is_model_wrapper
from mmengine.runner import Runner
from mmengine.runner.checkpoint import CheckpointLoader
from torch.distributed.fsdp import FullyShardedDataParallel

from ...clip.state_dict import load_state_dict_or_explain, read_state_dict, unwrap
from ...utils import RunRefused


@HOOKS.register_module()
class CheckWeightsHook(Hook):
    """Refuse checkpoints with missing, unexpected or differently shaped weights.

    mmengine lists them and continues, so a test with the wrong config would print metrics. Position
    tables for another number of frames are interpolated.

    Args:
        allow_partial: Load what fits, as mmengine does, for a ``load_from`` that fills only a part
            of the model. Defaults to False.

    Raises:
        RunRefused: The checkpoint does not fit.
    """

    priority = 'VERY_LOW'  # after hooks that choose what is loaded (weight averages)

    def __init__(self, allow_partial: bool = False) -> None:
        self.allow_partial = allow_partial

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict[str, Any]) -> None:
        checkpoint['state_dict'] = state = unwrap(checkpoint).weights
        if self.allow_partial:
            return
        model = runner.model
        # FSDP shards unsharded weights itself
        while not isinstance(model, FullyShardedDataParallel) and (
            is_model_wrapper(model) or isinstance(model, BaseTTAModel)
        ):
            model = model.module
        misfit = load_state_dict_or_explain(model, state)
        if misfit is not None:
            raise RunRefused(
                f'The checkpoint does not fit the model of the config ({misfit}): give the config '
                'it was trained with, or set CheckWeightsHook(allow_partial=True) to load what '
                'fits.'
            )
        # the runner loads it next, and must not interpolate tables a second time
        if not isinstance(model, FullyShardedDataParallel):
            checkpoint['state_dict'] = model.state_dict()


def load_from_safetensors(filename: str, map_location: Any = None) -> dict[str, Any]:
    """Read a local ``.safetensors`` file as a checkpoint of mmengine."""
    state = read_state_dict(str(Path(filename).expanduser()))
    if map_location is not None and not callable(map_location):
        state = {name: value.to(map_location) for name, value in state.items()}
    return dict(meta={}, state_dict=state)


# mmengine passes local paths to torch.load, which cannot read these; addresses keep their loader
CheckpointLoader.register_scheme(r'(?!.*://).*\.safetensors$', load_from_safetensors, force=True)
