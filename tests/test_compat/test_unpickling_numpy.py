"""Pickles choose the values of arrays and numbers, never addresses, objects or flags."""

import importlib
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from actionclip_mm.compat import checkpoints
from actionclip_mm.compat.unpickling import NUMPY_OBJECTS, PlainArray, PlainUnpickler, encode_latin1
from actionclip_mm.evaluation.dumped_scores import load_tensors

CORE = '_core' if int(np.__version__.split('.')[0]) >= 2 else 'core'
MULTIARRAY: Any = importlib.import_module(f'numpy.{CORE}.multiarray')
NUMBERS = (3, '<', None, None, None, -1, -1, 0)


class Reduced:
    """A pickle of it calls a function, and sets the state of the result."""

    def __init__(self, function: Callable, arguments: tuple, *states: Any) -> None:
        self.parts = function, arguments, *states

    def __reduce__(self) -> tuple:
        return self.parts


def array(dtype: Any, content: Any, shape: Any = (2,), cls: Any = np.ndarray) -> Reduced:
    return Reduced(MULTIARRAY._reconstruct, (cls, (0,), b'b'), (1, shape, dtype, False, content))


def dtype(code: Any, state: tuple = NUMBERS) -> Reduced:
    return Reduced(np.dtype, (code, False, True), state)


ADDRESS = (id(None)).to_bytes(8, 'little')
ATTACKS = {
    'array of objects': array(dtype('O8', (3, '|', None, None, None, -1, -1, 63)), [1, 2]),
    'number of objects': Reduced(MULTIARRAY.scalar, (np.dtype('O'), None)),
    'number at an address': Reduced(
        MULTIARRAY.scalar, (dtype('i8', (3, '<', None, None, None, 8, 8, 63)), ADDRESS)
    ),
    'flag of references': array(dtype('i8', (*NUMBERS[:-1], 1)), 2 * ADDRESS),
    'all flags': array(dtype('i8', (*NUMBERS[:-1], 63)), 2 * ADDRESS),
    'size of elements': array(dtype('i8', (3, '<', None, None, None, 1024, 1, 0)), b'x' * 16),
    'sub-array': array(dtype('i8', (3, '<', (np.dtype('O'), (2,)), None, None, -1, -1, 0)), b''),
    'fields': array(np.dtype([('a', 'O')]), [(1,), (2,)]),
    'bytes of objects': array(np.dtype('O'), 2 * ADDRESS),
    'dates': array(np.dtype('M8[s]'), 2 * ADDRESS),
    'more than its bytes': array(dtype('i8'), b'x' * 16, (2**40,)),
    'overflowing shape': array(dtype('i8'), b'', (2**62, 4)),
    'negative shape': array(dtype('i8'), b'x' * 16, (-2, -1)),
    'shape of floats': array(dtype('i8'), b'x' * 16, (2.0,)),
    'memory that is not set': Reduced(np.ndarray, ((4,), 'i8')),
    'array of a dtype object': Reduced(np.ndarray, ((4,), 'O')),
    'another class': Reduced(MULTIARRAY._reconstruct, (np.dtype, (0,), b'b')),
}


def as_checkpoint(content: Any, path: Path) -> Any:
    torch.save({'meta': content}, path)
    return checkpoints.load_weights_only(path)


def as_old_checkpoint(content: Any, path: Path) -> Any:
    """As torch < 2.6 reads it here."""
    known = {name: item for item, name in map(checkpoints._named, checkpoints._log_history())}
    known['_codecs.encode'] = encode_latin1
    path.write_bytes(pickle.dumps(content, 2))
    unpickler = type('Unpickler', (PlainUnpickler,), dict(known=known))
    with path.open('rb') as file:
        return unpickler(file).load()


def as_dump(content: Any, path: Path) -> Any:
    path.write_bytes(pickle.dumps(content, 4))
    with path.open('rb') as file:
        return load_tensors(file)


READERS = (as_checkpoint, as_old_checkpoint, as_dump)


@pytest.mark.parametrize('read', READERS)
@pytest.mark.parametrize('attack', ATTACKS)
def test_what_is_not_numbers_is_refused(attack: str, read: Callable, tmp_path: Path) -> None:
    with pytest.raises((pickle.UnpicklingError, TypeError, ValueError)):
        read(ATTACKS[attack], tmp_path / 'file')


@pytest.mark.parametrize('read', READERS)
def test_numbers_come_back(read: Callable, tmp_path: Path) -> None:
    values = [
        np.arange(6, dtype=code).reshape(2, 3)
        for code in ('i1', 'u2', '<i4', '>i8', 'f2', '>f4', 'f8', 'c8')
    ]
    values += [np.asfortranarray(values[0]), np.array([True, False]), np.array(3)]
    values += [np.float32(0.5), np.int64(-3), np.bool_(True)]
    loaded = read(values, tmp_path / 'file')
    loaded = loaded['meta'] if isinstance(loaded, dict) else loaded
    for got, wanted in zip(loaded, values, strict=True):
        assert (got.dtype.kind, got.shape) == (wanted.dtype.kind, wanted.shape)
        np.testing.assert_array_equal(got, wanted)
        again = pickle.loads(pickle.dumps(got))  # saved in the next checkpoint as numpy's own
        assert type(again) is type(wanted)


@pytest.mark.parametrize('protocol', [2, 4, 5])
def test_empty_arrays_of_dumps(protocol: int, tmp_path: Path) -> None:
    (tmp_path / 'file').write_bytes(pickle.dumps(np.zeros((0, 3)), protocol))
    with (tmp_path / 'file').open('rb') as file:
        assert load_tensors(file).shape == (0, 3)


def test_pickles_of_protocol_5(tmp_path: Path) -> None:
    values = np.arange(6, dtype='f4').reshape(2, 3)
    (tmp_path / 'file').write_bytes(pickle.dumps([values, values.T], 5))
    with (tmp_path / 'file').open('rb') as file:
        loaded = load_tensors(file)
    np.testing.assert_array_equal(loaded[0], values)
    np.testing.assert_array_equal(loaded[1], values.T)


def test_the_memory_of_an_array_is_set_once() -> None:
    """A tensor could have been made of the first one."""
    empty = np.ndarray.__new__(PlainArray, (0,), 'V1')
    number = NUMPY_OBJECTS['numpy.dtype']('i8')
    empty.__setstate__((1, (2,), number, False, b'x' * 16))
    with pytest.raises(pickle.UnpicklingError, match='twice'):
        empty.__setstate__((1, (2,), number, False, b'y' * 16))
    assert type(np.append(empty, 1)) is type(empty + 1) is np.ndarray
    assert type(empty.mean()) is type(empty[:1].mean()) is np.float64
