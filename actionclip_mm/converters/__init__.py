"""Weights of other code bases under the names of this one, and back: pure functions, no files."""

from .config_text import write_config_text
from .convert import SOURCES, Converted, convert, detect_source
from .interpolation import interpolate
from .mapped import Hints
from .origins import splits_names

__all__ = [
    'SOURCES',
    'Converted',
    'Hints',
    'convert',
    'detect_source',
    'interpolate',
    'splits_names',
    'write_config_text',
]
