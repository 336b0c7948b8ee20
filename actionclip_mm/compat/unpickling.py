"""Unpickle weights without running code, on any torch.

torch < 2.6 gets the check of newer versions. Arrays and numbers of numpy are rebuilt from their
kind, shape and bytes alone: numpy's own functions would let a file choose a dtype of objects, or
its flags, and with them addresses that are read as objects.
"""

import functools
import math
import pickle
import tarfile
from collections.abc import Callable
from types import FunctionType, SimpleNamespace
from typing import Any, ClassVar

import numpy as np
import torch

from ..utils.pickles import is_torchscript

KINDS = {np.dtype(code).str[1:] for code in np.typecodes['AllInteger'] + '?efdFD'}
_UNSET = np.dtype('V1')  # of an array before its state is set
_NUMBER_STATE = (None, None, None, -1, -1, 0)  # of a dtype, after version and byte order


class PlainDtype:
    """Replacement of ``numpy.dtype`` that allows numbers only.

    Raises:
        pickle.UnpicklingError: Not a dtype of numbers.
    """

    __slots__ = ('value',)

    def __init__(self, code: Any, *_: Any) -> None:
        if not isinstance(code, str) or code not in KINDS:
            raise pickle.UnpicklingError(
                f'unsupported array kind {str(code)[:20]!r}, only numbers are loaded'
            )
        self.value = np.dtype(code)

    def __setstate__(self, state: Any) -> None:
        if not isinstance(state, tuple) or len(state) != 8 or state[1] not in ('<', '>', '|', '='):
            raise pickle.UnpicklingError('invalid state of a dtype, only numbers are loaded')
        if not all(type(n) is type(w) and n == w for n, w in zip(state[2:], _NUMBER_STATE)):  # noqa: B905
            raise pickle.UnpicklingError('invalid state of a dtype, only numbers are loaded')
        self.value = self.value.newbyteorder(state[1])

    def __reduce__(self) -> Any:
        return self.value.__reduce__()


class PlainArray(np.ndarray):
    """Replacement of ``numpy.ndarray`` that allows numbers only, and is pickled as an ndarray.

    A subclass, so that the state of an array goes through :meth:`__setstate__`.

    Raises:
        pickle.UnpicklingError: Invalid state, a second state, or a direct call.
    """

    __slots__ = ()
    __array_priority__ = -1.0  # results of mixed operations are ndarrays

    def __new__(cls, *_: Any, **__: Any) -> 'PlainArray':
        raise pickle.UnpicklingError('an array without shape and bytes')

    def __setstate__(self, state: Any) -> None:
        if self.dtype != _UNSET:  # a tensor may use the memory of the first one
            raise pickle.UnpicklingError('the state of an array is set twice')
        if not isinstance(state, tuple) or len(state) != 5:
            raise pickle.UnpicklingError('invalid state of an array, only numbers are loaded')
        _, shape, dtype, by_column, content = state
        content = _checked(shape, dtype, content)
        state = (1, shape, dtype.value, bool(by_column), content)
        super().__setstate__(state)  # type: ignore[arg-type]

    def __array_wrap__(self, array: Any, context: Any = None, return_scalar: bool = False) -> Any:
        plain = np.asarray(array)  # results are numpy's own
        return plain if plain.ndim else plain[()]

    def __reduce__(self) -> Any:
        return self.view(np.ndarray).__reduce__()

    def __reduce_ex__(self, protocol: Any) -> Any:
        return self.view(np.ndarray).__reduce_ex__(protocol)


def _checked(shape: Any, dtype: Any, content: Any) -> bytes:
    if not (
        isinstance(shape, tuple)
        and all(type(size) is int and size >= 0 for size in shape)
        and isinstance(dtype, PlainDtype)
        and isinstance(content, (bytes, bytearray))
        and math.prod(shape) * dtype.value.itemsize == len(content)
    ):
        raise pickle.UnpicklingError('the bytes of an array do not match its shape')
    return bytes(content)


def reconstruct(kind: Any, *_: Any) -> PlainArray:
    """Replacement of numpy's ``_reconstruct``: an array without state."""
    if kind is not PlainArray:
        raise pickle.UnpicklingError(f'unsupported array class {kind!r}')
    return np.ndarray.__new__(PlainArray, (0,), _UNSET)


def scalar(dtype: Any, content: Any) -> np.generic:
    """Replacement of numpy's ``scalar``, which returns any object for a dtype of objects."""
    return np.frombuffer(_checked((), dtype, content), dtype.value)[0]


def from_buffer(content: Any, dtype: Any, shape: Any, order: Any) -> np.ndarray:
    """Replacement of numpy's ``_frombuffer`` (pickle protocol 5)."""
    flat = np.frombuffer(_checked(shape, dtype, content), dtype.value)
    return flat.reshape(shape, order='F' if order == 'F' else 'C').copy(order='K')


# names in pickles of numpy 1 and 2, and their replacements
NUMPY_OBJECTS: dict[str, Any] = {
    'numpy.dtype': PlainDtype,
    'numpy.ndarray': PlainArray,
    **{
        f'numpy.{core}.{name}': function
        for core in ('core', '_core')
        for name, function in (
            ('multiarray._reconstruct', reconstruct),
            ('multiarray.scalar', scalar),
            ('numeric._frombuffer', from_buffer),
        )
    },
}


def load_without_code(load: Callable, allowed: dict[str, Any]) -> Callable:
    """Wrap an old ``torch.load`` so that it refuses code unless the caller asks for it.

    As in newer versions, ``weights_only=False`` or a ``pickle_module`` asks for it. Tar files and
    TorchScript archives are refused too: they bypass ``weights_only=True`` of old versions
    (CVE-2025-32434).

    Args:
        load: torch's own function.
        allowed: Objects that a checkpoint may name besides torch's own, by full name.
    """
    known = _of_torch() | allowed
    module = SimpleNamespace(
        __name__='pickle of weights',
        Unpickler=type('Unpickler', (PlainUnpickler,), dict(known=known)),
    )
    module.load = lambda file, **kwargs: module.Unpickler(file, **kwargs).load()

    @functools.wraps(load)
    def load_checked(
        f: Any,
        map_location: Any = None,
        pickle_module: Any = None,
        *,
        weights_only: bool | None = None,
        **kwargs: Any,
    ) -> Any:
        if pickle_module is not None or weights_only is False:  # the caller asks for code
            options = dict(kwargs, weights_only=bool(weights_only))
            return load(f, map_location, pickle_module, **options)
        _refuse_archives(f)
        return load(f, map_location, module, weights_only=False, **kwargs)

    return load_checked


def _refuse_archives(file: Any) -> None:
    start = file.tell() if hasattr(file, 'tell') else None
    for kind, found in (
        ('legacy .tar file', tarfile.is_tarfile),
        ('TorchScript archive', is_torchscript),
    ):
        is_archive = found(file)
        if start is not None:
            file.seek(start)
        if is_archive:
            # the error of newer versions
            raise RuntimeError(f'Cannot use ``weights_only=True`` with a {kind}')


class PlainUnpickler(pickle._Unpickler):  # type: ignore[name-defined]
    """Unpickler that finds ``known`` objects only; in Python, to override single opcodes."""

    known: ClassVar[dict[str, Any]]
    stack: list[Any]

    def find_class(self, module: str, name: str) -> Any:
        module = 'builtins' if module == '__builtin__' else module  # protocol 2
        if f'{module}.{name}' not in self.known:
            raise pickle.UnpicklingError(f'Unsupported global: GLOBAL {module}.{name}')
        return self.known[f'{module}.{name}']

    def load_build(self) -> None:
        """Set the state of an object; refuse to change classes and functions."""
        if isinstance(self.stack[-2], (type, FunctionType)):
            raise pickle.UnpicklingError(f'Unsupported function {self.stack[-2].__name__}')
        super().load_build()  # type: ignore[misc]  # of the pure Python class

    dispatch: ClassVar[dict] = dict(pickle._Unpickler.dispatch)  # type: ignore[attr-defined]
    dispatch[pickle.BUILD[0]] = load_build


def _of_torch() -> dict[str, Any]:
    """Objects that rebuild tensors: torch's own list, and dtypes that it lacks."""
    from torch import _weights_only_unpickler

    dtypes = {str(value): value for value in vars(torch).values() if isinstance(value, torch.dtype)}
    return {
        **_weights_only_unpickler._get_allowed_globals(),
        **dtypes,
        'torch.device': torch.device,
        '_codecs.encode': encode_latin1,
        'builtins.set': set,
    }


def encode_latin1(text: str, encoding: str) -> bytes:
    """Encode bytes as pickles of numpy hold them."""
    if encoding not in ('latin1', 'latin-1'):
        raise pickle.UnpicklingError(f'Unsupported global: GLOBAL _codecs.encode to {encoding}')
    return text.encode('latin1')
