"""``import mmaction.models`` works although parts of it cannot be imported."""

import ast
import importlib
import sys
import types
import warnings
from pathlib import Path
from typing import Any

from .replace import host_folder


def missing_drn() -> None:
    """mmaction2 1.2.0 is published without ``models/localizers/drn``, which it imports.

    A stub stands in for the folder; building the localizer ``DRN`` from it says what is missing.
    """
    localizers = host_folder('mmaction', 'models', 'localizers')
    name = 'mmaction.models.localizers.drn'
    if (localizers / 'drn').exists() or (localizers / 'drn.py').exists() or name in sys.modules:
        return
    package, module = types.ModuleType(name), types.ModuleType(f'{name}.drn')
    package.__path__ = []
    module.DRN = package.DRN = _MissingDRN  # type: ignore[attr-defined]
    package.drn = module  # type: ignore[attr-defined]
    sys.modules[name], sys.modules[f'{name}.drn'] = package, module


class _MissingDRN:
    """Stands where the localizer DRN would be, and says so when built."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        raise ImportError(
            'this build of mmaction2 lacks the localizer DRN: install mmaction2 from its sources'
        )


def advice_against_mmcv_lite() -> None:
    """mmcv-lite warns at every start that the full mmcv has one more attention; nobody asked."""
    warnings.filterwarnings(
        'ignore', message='Fail to import ``MultiScaleDeformableAttention``', category=UserWarning
    )


def vindlu_beside_new_transformers() -> None:
    """VindLU imports names that newer ``transformers`` lack, and takes mmaction.models with it.

    What it would import is read from its sources and tried one by one; if anything is missing,
    mmaction2 is told that its multi-modal extra is absent, and registers placeholders instead.
    """
    dependency: Any = importlib.import_module('mmaction.utils.dependency')
    if not dependency.WITH_MULTIMODAL or 'mmaction.models' in sys.modules:
        return
    missing = _missing_imports(host_folder('mmaction', 'models', 'multimodal'), 'transformers')
    if missing:
        dependency.WITH_MULTIMODAL = False
        # a hidden category: whoever does not build VindLU need not read this at every start
        warnings.warn(
            f"mmaction2's VindLU is not available: the installed transformers lacks {missing}",
            ImportWarning,
            stacklevel=2,
        )


def _missing_imports(folder: Path, package: str) -> str:
    """First thing that the sources below ``folder`` import from ``package`` in vain, or ''."""
    wanted = {
        (node.module, alias.name)
        for source in sorted(folder.rglob('*.py'))
        for node in ast.parse(source.read_text(encoding='utf-8')).body
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split('.')[0] == package
        for alias in node.names
    }
    for module, name in sorted(wanted, key=str):
        try:
            getattr(importlib.import_module(module), name)
        # transformers answers a failing lazy submodule with RuntimeError
        except (ImportError, AttributeError, RuntimeError):
            return f'{module}.{name}'
    return ''
