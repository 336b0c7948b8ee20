"""Read the weights of a TorchScript archive without running its code.

``torch.jit.load`` runs the ``__setstate__`` of the archive's classes, which may write files
(``torch.from_file``), so only the archive's tensors are read here.
"""

import io
import math
import pickle
import zipfile
from typing import Any

import torch
from torch import Tensor

_DTYPES = dict(
    BoolStorage=torch.bool,
    ByteStorage=torch.uint8,
    CharStorage=torch.int8,
    ShortStorage=torch.int16,
    IntStorage=torch.int32,
    LongStorage=torch.int64,
    HalfStorage=torch.float16,
    BFloat16Storage=torch.bfloat16,
    FloatStorage=torch.float32,
    DoubleStorage=torch.float64,
)
_LISTS = ('build_intlist', 'build_tensorlist', 'build_doublelist', 'build_boollist')


def read_torchscript(path: str) -> dict[str, Tensor]:
    """Names to tensors, as the ``state_dict`` of the archived module has them.

    Tensors that are plain attributes of a module, which ``state_dict`` omits, are among them.

    Raises:
        pickle.UnpicklingError: The archive names something else than its own classes and tensors,
            or a class keeps its state in a way of its own.
        KeyError, RuntimeError: It is damaged.
    """
    with zipfile.ZipFile(path) as archive:
        (root,) = {name.split('/')[0] for name in archive.namelist()}
        module = _Reader(archive, root).load()
    if not isinstance(module, _Module):
        raise pickle.UnpicklingError('it holds no module')
    return dict(_tensors(module, '', 0))


class _Module:
    """Any class of the archive: its attributes without its code."""

    def __init__(self) -> None:
        self.state: dict[str, Any] = {}

    def __setstate__(self, state: Any) -> None:
        if not isinstance(state, dict):
            raise pickle.UnpicklingError('a class of it brings code of its own (__setstate__)')
        self.state = state


class _Reader(pickle.Unpickler):
    """Builds modules, tensors and plain values, and refuses all else that a pickle can name."""

    def __init__(self, archive: zipfile.ZipFile, root: str) -> None:
        super().__init__(io.BytesIO(archive.read(f'{root}/data.pkl')))
        self.archive, self.root = archive, root
        self.storages: dict[str, Tensor] = {}

    def find_class(self, module: str, name: str) -> Any:
        if module.partition('.')[0] == '__torch__':
            return _Module
        if module == 'torch' and name in _DTYPES:
            return _DTYPES[name]
        if (module, name) == ('torch._utils', '_rebuild_tensor_v2'):
            return _rebuild_tensor
        if (module, name) == ('collections', 'OrderedDict'):
            return dict
        if module == 'torch.jit._pickle' and name in _LISTS:
            return list
        raise pickle.UnpicklingError(f'it holds {module}.{name}, which could run code')

    def persistent_load(self, pid: Any) -> Tensor:
        """All elements of a storage, [numel]; the device that it was on does not matter."""
        _, dtype, key, _, _ = pid
        if key not in self.storages:
            content = bytearray(self.archive.read(f'{self.root}/data/{key}'))
            self.storages[key] = (
                torch.frombuffer(content, dtype=dtype) if content else torch.empty(0, dtype=dtype)
            )
        return self.storages[key]


def _rebuild_tensor(storage: Tensor, offset: int, size: tuple, stride: tuple, *_: Any) -> Tensor:
    if not math.prod(size):
        return torch.empty(size, dtype=storage.dtype)
    return storage.as_strided(size, stride, offset)


def _tensors(module: _Module, prefix: str, depth: int) -> list[tuple[str, Tensor]]:
    if depth > 100:
        raise pickle.UnpicklingError('its modules hold each other')
    found: list[tuple[str, Tensor]] = []
    for name, value in module.state.items():
        if isinstance(value, Tensor):
            found.append((f'{prefix}{name}', value))
        elif isinstance(value, _Module):
            found += _tensors(value, f'{prefix}{name}.', depth + 1)
    return found
