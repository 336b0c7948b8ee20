"""Lets ``load_from``, ``tools/test.py`` and whatever else loads by mmengine take safetensors."""

from pathlib import Path
from typing import Any

from mmengine.runner.checkpoint import CheckpointLoader

from ..clip.state_dict import read_state_dict


def load_from_safetensors(filename: str, map_location: Any = None) -> dict[str, Any]:
    """Reads a local ``.safetensors`` file where mmengine expects a checkpoint of its own."""
    state = read_state_dict(str(Path(filename).expanduser()))
    if map_location is not None and not callable(map_location):
        state = {name: value.to(map_location) for name, value in state.items()}
    return dict(meta={}, state_dict=state)


# mmengine hands every local path to torch.load, which cannot read them; addresses keep their loader
CheckpointLoader.register_scheme(r'(?!.*://).*\.safetensors$', load_from_safetensors, force=True)
