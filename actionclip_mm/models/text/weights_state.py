"""What text features depend on besides the sentences: weights, structure, precision."""

import hashlib
import json
from collections.abc import Iterator
from typing import Any

import torch
from torch import nn

from ...utils.hashing import bytes_of

_PLAIN = (bool, int, float, str, type(None))


def state_of_weights(module: nn.Module) -> tuple:
    """A value that changes whenever a weight is written in place or replaced."""
    return tuple((p.data_ptr(), p._version) for p in module.parameters())  # noqa: SLF001


def precision_of(device: torch.device) -> torch.dtype:
    """The type of matrix products on a device: fp32, or that of autocast."""
    if hasattr(torch, 'is_autocast_enabled') and _ASKS_DEVICES:
        enabled = torch.is_autocast_enabled(device.type)
        return torch.get_autocast_dtype(device.type) if enabled else torch.float32
    one = torch.ones(1, 1, device=device)  # torch before 2.4 has no question for one device
    return (one @ one).dtype


_ASKS_DEVICES = hasattr(torch, 'get_autocast_dtype')


def digest_of_weights(*modules: nn.Module) -> str:
    """SHA-256 of the weights, buffers and structure of modules, 64 hexadecimal digits.

    It covers every byte of every tensor with its name, type and shape, and what the tensors do not
    tell: classes of the submodules and their plain attributes (heads, epsilons, activations,
    pooling). 254 MB of CLIP's text tower take 0.17 s on a CPU with SHA instructions.
    """
    digest = hashlib.sha256()
    for number, module in enumerate(modules):
        digest.update(json.dumps([number, list(_structure(module))]).encode())
        tensors = {**dict(module.named_parameters()), **dict(module.named_buffers())}
        for name, tensor in tensors.items():
            digest.update(f'{name} {tensor.dtype} {tuple(tensor.shape)}\n'.encode())
            digest.update(bytes_of(tensor))
    return digest.hexdigest()


def _structure(module: nn.Module) -> Iterator[list]:
    """Class and plain attributes of every submodule."""
    for name, part in module.named_modules():
        settings = {
            key: _plain(value)
            for key, value in sorted(vars(part).items())
            if not key.startswith('_') and key != 'training'
        }
        yield [name, f'{type(part).__module__}.{type(part).__qualname__}', settings]


def _plain(value: Any) -> Any:
    if isinstance(value, _PLAIN):
        return value
    if isinstance(value, (tuple, list)):
        return [_plain(item) for item in value]
    if hasattr(value, 'to_json_string'):  # the config of a tower of transformers
        return value.to_json_string()
    return getattr(value, '__qualname__', type(value).__qualname__)
