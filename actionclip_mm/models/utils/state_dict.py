"""Reading a state dict from a file without ever running code that the file carries."""

import zipfile
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file as load_safetensors
from torch import Tensor

from ...compat.checkpoints import DAMAGED
from ...compat.unpickling import is_torchscript
from ...utils import first_line
from .torchscript import read_torchscript

# Three constants that OpenAI's archives carry among their weights; nothing else has them.
OPENAI_CONSTANTS = ('input_resolution', 'context_length', 'vocab_size')

# Wrappers in use around the weights of a checkpoint: open_clip and mmengine, released ActionCLIP.
_WRAPPERS = ('state_dict', 'model_state_dict')


def read_state_dict(path: str) -> dict[str, Tensor]:
    """Reads ``.safetensors``, ``torch.save`` files and TorchScript archives.

    Args:
        path: File on this machine.

    Returns:
        Names to tensors, unwrapped and without a ``module.`` prefix.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: The file is no checkpoint, or holds objects other than plain weights.
    """
    content = read_content(path)
    for key in _WRAPPERS:
        if isinstance(content.get(key), dict):
            content = content[key]
    return {name.removeprefix('module.'): value for name, value in content.items()}


def read_content(path: str) -> dict[str, Any]:
    """Reads a weight file as it is, wrappers and all, for those who need more than one part of it.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: The file is no checkpoint, or holds objects other than plain weights.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(f"There is no weight file '{path}': give the path of a file.")
    content = _load_safetensors(path) if str(path).endswith('.safetensors') else _load_torch(path)
    if not isinstance(content, dict) or not content:
        raise ValueError(
            f"'{path}' holds a {type(content).__name__}, not a state dict: give a file of weights."
        )
    return content


def _load_safetensors(path: str) -> dict[str, Tensor]:
    try:
        return load_safetensors(path)
    except SafetensorError as error:
        raise ValueError(
            f"'{path}' cannot be read as a safetensors file ({error}): give an undamaged file."
        ) from error


def _load_torch(path: str):
    try:
        if is_torchscript(path):
            return read_torchscript(path)
        return torch.load(path, map_location='cpu', weights_only=True)
    except (RuntimeError, zipfile.BadZipFile) as error:
        raise ValueError(
            f"'{path}' cannot be read as a checkpoint ({first_line(error)}): "
            'give a .safetensors, .pt or .pth file of weights.'
        ) from error
    except DAMAGED as error:
        raise ValueError(
            f"'{path}' was not loaded because it is damaged or holds more than plain weights "
            f'({first_line(error)}): give a file of weights only.'
        ) from error
