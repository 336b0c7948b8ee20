"""Marks of replaced host functions; which packages are there, and where one lies on disk."""

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

_MARK = '_replaced_by_actionclip_mm'


def mark(function: Callable) -> Callable:
    """Label a replacement, so that it is not replaced a second time."""
    setattr(function, _MARK, True)
    return function


def is_ours(function: Any) -> bool:
    return getattr(function, _MARK, False)


def is_there(module: str) -> bool:
    """Whether a module can be found; the packages above it are imported."""
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:  # its package is not there
        return False


def host_folder(package: str, *parts: str) -> Path:
    """Folder inside an installed package, found without importing the package's submodules."""
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ImportError(f'{package} is not installed')
    return Path(next(iter(spec.submodule_search_locations)), *parts)
