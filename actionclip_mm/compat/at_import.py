"""Fixes that importing mmaction2 and resolving config paths need.

``import actionclip_mm`` applies them; :mod:`actionclip_mm.compat.at_run` has those of a run.
"""

import ast
import importlib
import re
import sys
import types
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from . import lazy_packages
from .fixes import fix, host_folder, is_switched_off
from .package_lookup import (
    add_own_config_paths,
    find_configs_despite_metafiles,
    find_packages_by_metadata,
)

DRN = 'mmaction.models.localizers.drn'
MAXIMUM = re.compile(r"^mmcv_maximum_version = '([\w.]+)'", re.MULTILINE)
WITHIN = '2.1.0'  # an mmcv version that mmaction2 accepts


def apply() -> None:
    """Apply :data:`FIXES`; must run before ``mmaction.models`` is imported."""
    if not is_switched_off():
        for each in FIXES:
            if each is switch_off_vindlu:  # imports transformers, which takes long
                lazy_packages.before('mmaction.models.multimodal', each)
            else:
                each()


@contextmanager
def mmcv_within_the_gate() -> Iterator[None]:
    """Let ``import mmaction`` accept mmcv >= 2.2, which it refuses by version.

    onedl-mmcv 2.2 and 2.3 have all that mmaction2 uses. Within the block a newer mmcv reports an
    accepted version; ``hosts.py`` checks the window of this package.
    """
    import mmcv
    from mmengine.utils import digit_version

    try:
        source = (host_folder('mmaction') / '__init__.py').read_text(encoding='utf-8')
    except ImportError:  # not installed
        source = ''
    gate = MAXIMUM.search(source)
    passes = gate is None or digit_version(mmcv.__version__) < digit_version(gate[1])
    if passes or is_switched_off():
        yield
        return
    found, mmcv.__version__ = mmcv.__version__, WITHIN
    try:
        yield
    finally:
        mmcv.__version__ = found


def _lacks_drn() -> bool:
    localizers = host_folder('mmaction', 'models', 'localizers')
    exists = (localizers / 'drn').exists() or (localizers / 'drn.py').exists()
    return not exists and DRN not in sys.modules


@fix(_lacks_drn)
def stub_missing_drn() -> None:
    """mmaction2 1.2.0 is published without ``models/localizers/drn``, which it imports.

    A stub replaces the folder; building the localizer ``DRN`` raises.
    """
    package, module = types.ModuleType(DRN), types.ModuleType(f'{DRN}.drn')
    package.__path__ = []
    module.DRN = package.DRN = _MissingDRN  # type: ignore[attr-defined]
    package.drn = module  # type: ignore[attr-defined]
    sys.modules[DRN], sys.modules[f'{DRN}.drn'] = package, module


class _MissingDRN:
    """Stub of the localizer DRN that raises when built."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        raise ImportError(
            'This build of mmaction2 lacks the localizer DRN: install mmaction2 from source.'
        )


@fix()
def silence_advice_on_full_mmcv() -> None:
    """mmcv-lite warns at every start that MultiScaleDeformableAttention needs the full mmcv."""
    warnings.filterwarnings(
        'ignore', message='Fail to import ``MultiScaleDeformableAttention``', category=UserWarning
    )


def _missing_name() -> str:
    """First name that mmaction2's multi-modal models miss in transformers, or ''."""
    dependency: Any = importlib.import_module('mmaction.utils.dependency')
    models = ('mmaction.models', 'mmaction.models.multimodal')
    if not dependency.WITH_MULTIMODAL or all(name in sys.modules for name in models):
        return ''
    return _missing_import(host_folder('mmaction', 'models', 'multimodal'), 'transformers')


@fix(lambda: bool(_missing_name()))
def switch_off_vindlu() -> None:
    """VindLU imports names that newer ``transformers`` lack, and breaks ``mmaction.models``.

    The imports in its sources are tried one by one. If one fails, mmaction2 registers placeholders,
    as it does without its multi-modal extra.
    """
    dependency: Any = importlib.import_module('mmaction.utils.dependency')
    missing = _missing_name()
    dependency.WITH_MULTIMODAL = False
    # hidden by default: only users of VindLU need it
    warnings.warn(
        f"mmaction2's VindLU is not available: the installed transformers lacks {missing}",
        ImportWarning,
        stacklevel=2,
    )


def _missing_import(folder: Path, package: str) -> str:
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


FIXES = (
    find_packages_by_metadata,
    add_own_config_paths,
    find_configs_despite_metafiles,
    stub_missing_drn,
    silence_advice_on_full_mmcv,
    switch_off_vindlu,
)
