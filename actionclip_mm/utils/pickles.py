"""Telling pickles and archives of weights apart, and what reading a damaged one raises."""

import pickle
import struct
import zipfile
from typing import Any

# Unpickling takes the bytes of a truncated file, or of another format, for opcodes.
DAMAGED = (
    pickle.UnpicklingError,
    EOFError,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    AssertionError,
    ArithmeticError,
    MemoryError,
    struct.error,
)


def is_torchscript(file: Any) -> bool:
    """Whether a path or open file is a TorchScript archive; only these have constants."""
    if not zipfile.is_zipfile(file):
        return False
    with zipfile.ZipFile(file) as archive:
        return any(name.endswith('/constants.pkl') for name in archive.namelist())
