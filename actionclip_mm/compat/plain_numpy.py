"""Arrays and numbers of numpy in pickles, rebuilt from their kind, shape and bytes alone.

numpy's own functions would let a file choose a dtype of objects, or flags of one, and with them
addresses that are read as objects. Here a dtype is one of a few kinds of numbers.
"""

import math
import pickle
from typing import Any

import numpy as np

KINDS = {np.dtype(code).str[1:] for code in np.typecodes['AllInteger'] + '?efdFD'}
_UNSET = np.dtype('V1')  # of an array whose shape and bytes are still to come
_OF_NUMBERS = (None, None, None, -1, -1, 0)  # state of a dtype after its version and byte order


class PlainDtype:
    """The dtype of numbers; stands for ``numpy.dtype``.

    Raises:
        pickle.UnpicklingError: Another kind, or a state that numbers do not have.
    """

    __slots__ = ('value',)

    def __init__(self, code: Any, *_: Any) -> None:
        if not isinstance(code, str) or code not in KINDS:
            raise pickle.UnpicklingError(f'an array of kind {str(code)[:20]!r} is not of numbers')
        self.value = np.dtype(code)

    def __setstate__(self, state: Any) -> None:
        if not isinstance(state, tuple) or len(state) != 8 or state[1] not in ('<', '>', '|', '='):
            raise pickle.UnpicklingError('the state of a dtype is not that of numbers')
        if not all(type(n) is type(w) and n == w for n, w in zip(state[2:], _OF_NUMBERS)):  # noqa: B905
            raise pickle.UnpicklingError('the state of a dtype is not that of numbers')
        self.value = self.value.newbyteorder(state[1])

    def __reduce__(self) -> Any:
        return self.value.__reduce__()


class PlainArray(np.ndarray):
    """An array of numbers; stands for ``numpy.ndarray`` and is saved again as one.

    A class of its own so that the state of an array goes through :meth:`__setstate__`.

    Raises:
        pickle.UnpicklingError: A state that does not fit, a second one, or a direct call.
    """

    __slots__ = ()
    __array_priority__ = -1.0  # joined with arrays of numpy it becomes one

    def __new__(cls, *_: Any, **__: Any) -> 'PlainArray':
        raise pickle.UnpicklingError('an array has no shape and bytes')

    def __setstate__(self, state: Any) -> None:
        if self.dtype != _UNSET:  # a tensor may use the memory of the first one
            raise pickle.UnpicklingError('the state of an array is set twice')
        if not isinstance(state, tuple) or len(state) != 5:
            raise pickle.UnpicklingError('the state of an array is not that of numbers')
        _, shape, dtype, by_column, content = state
        content = _checked(shape, dtype, content)
        state = (1, shape, dtype.value, bool(by_column), content)
        super().__setstate__(state)  # type: ignore[arg-type]

    def __array_wrap__(self, array: Any, context: Any = None, return_scalar: bool = False) -> Any:
        plain = np.asarray(array)  # what is computed of it is numpy's own
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
        raise pickle.UnpicklingError('the shape and bytes of an array do not fit')
    return bytes(content)


def reconstruct(kind: Any, *_: Any) -> PlainArray:
    """An array whose state is still to come; stands for ``_reconstruct`` of numpy."""
    if kind is not PlainArray:
        raise pickle.UnpicklingError(f'an array is of the class {kind!r}')
    return np.ndarray.__new__(PlainArray, (0,), _UNSET)


def scalar(dtype: Any, content: Any) -> np.generic:
    """A number; stands for ``scalar`` of numpy, as which a dtype of objects returns any object."""
    return np.frombuffer(_checked((), dtype, content), dtype.value)[0]


def from_buffer(content: Any, dtype: Any, shape: Any, order: Any) -> np.ndarray:
    """An array of pickle protocol 5; stands for ``_frombuffer`` of numpy."""
    flat = np.frombuffer(_checked(shape, dtype, content), dtype.value)
    return flat.reshape(shape, order='F' if order == 'F' else 'C').copy(order='K')


# what pickles of numpy 1 and 2 name, and what is called in its place
STAND_INS: dict[str, Any] = {
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
