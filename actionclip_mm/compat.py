"""Known breakages of the host packages, each mended by one guarded function.

Every function first looks whether the breakage is there and does nothing where it is not, so a
repaired host needs no change here. Nothing is written into site-packages, and nothing that would
have been an error turns into silence. ``apply`` runs them all, and may run more than once.
"""

import ast
import functools
import importlib
import importlib.metadata
import importlib.util
import os.path as osp
import pickle
import re
import sys
import types
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

_MARK = '_replaced_by_actionclip_mm'


def apply() -> None:
    """Mend what this stack needs; must run before ``mmaction.models`` is imported."""
    package_lookup_without_pkg_resources()
    missing_drn()
    vindlu_beside_new_transformers()
    checkpoints_under_weights_only()
    gloo_without_gpu()
    amp_without_gpu()
    hue_shift_in_uint8()


def _mark(function: Callable) -> Callable:
    """Label a replacement, so that it is not replaced a second time."""
    setattr(function, _MARK, True)
    return function


def _is_ours(function: Any) -> bool:
    return getattr(function, _MARK, False)


def _host_folder(package: str, *parts: str) -> Path:
    """Folder inside an installed package, found without importing the package's submodules."""
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ImportError(f'{package} is not installed')
    return Path(list(spec.submodule_search_locations)[0], *parts)


# ------------------------------------------------------------------ setuptools without pkg_resources


def package_lookup_without_pkg_resources() -> None:
    """setuptools >= 81 has no ``pkg_resources``: look packages up with ``importlib.metadata``.

    mmengine asks it for ``_base_ = 'mmaction::…'``, ``get_config``, ``get_installed_path`` and
    ``is_installed``. Only mmengine's functions are replaced: a stand-in module of that name would
    also be seen by every other package that asks whether ``pkg_resources`` exists.
    """
    if importlib.util.find_spec('pkg_resources') is not None:
        return
    package_utils = importlib.import_module('mmengine.utils.package_utils')
    for new in (_is_installed, _get_installed_path, _package2module):
        name = new.__name__.removeprefix('_')
        old = getattr(package_utils, name)
        if _is_ours(old):
            continue
        # mmengine's own modules hold the function under its name as well
        for module_name, module in list(sys.modules.items()):
            if module_name.partition('.')[0] in ('mmengine', 'mmcv', 'mmaction'):
                if getattr(module, '__dict__', {}).get(name) is old:
                    setattr(module, name, _mark(new))


def _is_installed(package: str) -> bool:
    """Whether a distribution or a regular (not a namespace) module of this name is there."""
    try:
        importlib.metadata.distribution(package)
        return True
    except importlib.metadata.PackageNotFoundError:
        spec = importlib.util.find_spec(package)
        return spec is not None and spec.origin is not None


def _package2module(package: str) -> str:
    """Name of the module that a distribution installs: ``mmaction2`` -> ``mmaction``."""
    names = importlib.metadata.distribution(package).read_text('top_level.txt')
    if not names:
        raise ValueError(f'can not infer the module name of {package}')
    return names.split()[0]


def _get_installed_path(package: str) -> str:
    """Folder of an installed package, given the name of the distribution or of the module."""
    spec = importlib.util.find_spec(package)
    if spec is None:
        spec = importlib.util.find_spec(_package2module(package))
    if spec is None or spec.origin is None:
        raise RuntimeError(
            f'{package} has no folder of its own: it is a namespace package or a broken install'
        )
    return osp.dirname(spec.origin)


# --------------------------------------------------------------------- imports of mmaction.models


def missing_drn() -> None:
    """mmaction2 1.2.0 is published without ``models/localizers/drn``, which it imports.

    A stub stands in for the folder; building the localizer ``DRN`` from it says what is missing.
    """
    localizers = _host_folder('mmaction', 'models', 'localizers')
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


def vindlu_beside_new_transformers() -> None:
    """VindLU imports names that newer ``transformers`` lack, and takes mmaction.models with it.

    What it would import is read from its sources and tried one by one; if anything is missing,
    mmaction2 is told that its multi-modal extra is absent, and registers placeholders instead.
    """
    dependency = importlib.import_module('mmaction.utils.dependency')
    if not dependency.WITH_MULTIMODAL or 'mmaction.models' in sys.modules:
        return
    missing = _missing_imports(_host_folder('mmaction', 'models', 'multimodal'), 'transformers')
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
        if isinstance(node, ast.ImportFrom) and (node.module or '').split('.')[0] == package
        for alias in node.names
    }
    for module, name in sorted(wanted, key=str):
        try:
            getattr(importlib.import_module(module), name)
        # transformers answers a failing lazy submodule with RuntimeError
        except (ImportError, AttributeError, RuntimeError):
            return f'{module}.{name}'
    return ''


# ------------------------------------------------------------------------- loading of checkpoints


def checkpoints_under_weights_only() -> None:
    """torch >= 2.6 refuses mmengine's own checkpoints; allow exactly what they consist of.

    The check stays on. Beside tensors and plain containers a checkpoint holds mmengine's log
    history: HistoryBuffer, numpy arrays and scalars, and a pickled ``getattr`` that fetches
    HistoryBuffer's statistics. Anything else is refused in one sentence that names it.
    """
    if tuple(int(part) for part in torch.__version__.split('.')[:2]) < (2, 6):
        return
    from mmengine.logging import HistoryBuffer
    from mmengine.runner import checkpoint

    multiarray = importlib.import_module(
        'numpy._core.multiarray' if np.__version__ >= '2' else 'numpy.core.multiarray'
    )
    rebuild = [
        (getattr(multiarray, name), f'{module}.{name}')
        for module in ('numpy.core.multiarray', 'numpy._core.multiarray')
        for name in ('_reconstruct', 'scalar')
    ]
    dtypes = list({type(np.dtype(code)) for code in np.typecodes['AllInteger'] + '?efd'})
    torch.serialization.add_safe_globals(
        [HistoryBuffer, np.ndarray, np.dtype, *dtypes, *rebuild]
        + [(_history_statistic, 'builtins.getattr')]
    )
    if not _is_ours(checkpoint.load_from_local):
        loader = _refusing_clearly(checkpoint.load_from_local)
        checkpoint.load_from_local = loader
        checkpoint.CheckpointLoader.register_scheme(prefixes='', loader=loader, force=True)
        # torch.hub's default is still to run the pickle of a downloaded file
        checkpoint.load_url = _refusing_clearly(
            functools.partial(checkpoint.load_url, weights_only=True)
        )


def _history_statistic(owner: Any, name: str) -> Callable:
    """The one use of ``getattr`` that a checkpoint may make: HistoryBuffer's statistics."""
    from mmengine.logging import HistoryBuffer

    if owner is not HistoryBuffer or name not in ('min', 'max', 'current', 'mean'):
        raise pickle.UnpicklingError(f'Unsupported global: GLOBAL builtins.getattr of {name!r}')
    return getattr(owner, name)


def _refusing_clearly(load: Callable) -> Callable:
    """Turn torch's page-long refusal into one sentence that names the file and the culprit."""

    def load_or_refuse(filename: str, *args: Any, **kwargs: Any) -> Any:
        try:
            return load(filename, *args, **kwargs)
        except pickle.UnpicklingError as error:
            found = re.search(r'(?:GLOBAL|function|module) (\S+)', str(error))
            reason = (
                f'it holds a pickled {found.group(1)}, which could run code'
                if found
                else f'it is not a checkpoint ({str(error).splitlines()[-1]})'
            )
            raise pickle.UnpicklingError(
                f'{filename} was refused: {reason}, and only tensors, plain Python values and '
                "mmengine's log history are loaded; save its state dict alone to use it here"
            ) from None

    name = getattr(load, '__name__', 'load_url')  # mmengine prints the loader's name
    load_or_refuse.__name__ = name
    return _mark(load_or_refuse)


# ------------------------------------------------------------------------- machines without a GPU


def _without_accelerator() -> bool:
    from mmengine.device import get_device

    return get_device() == 'cpu'


def gloo_without_gpu() -> None:
    """mmengine selects a CUDA device in every process: train on several CPU processes as well."""
    from mmengine.dist import utils
    from mmengine.model import MMDistributedDataParallel

    if not _without_accelerator():
        return
    if not _is_ours(utils._init_dist_pytorch):
        utils._init_dist_pytorch = _init_on_cpu(utils._init_dist_pytorch)
    if not _is_ours(MMDistributedDataParallel.__init__):
        MMDistributedDataParallel.__init__ = _wrap_on_cpu(MMDistributedDataParallel.__init__)


def _init_on_cpu(init: Callable) -> Callable:
    @functools.wraps(init)
    def init_process_group(backend: str, init_backend: str = 'torch', **kwargs: Any) -> None:
        if init_backend != 'torch':
            return init(backend, init_backend=init_backend, **kwargs)
        if backend == 'nccl':  # the host's default, which exists for GPUs only
            print('No GPU is visible: the processes talk through gloo instead of nccl.')
            backend = 'gloo'
        torch.distributed.init_process_group(backend=backend, **kwargs)

    return _mark(init_process_group)


def _wrap_on_cpu(init: Callable) -> Callable:
    @functools.wraps(init)
    def __init__(self: nn.Module, module: nn.Module, *args: Any, **kwargs: Any) -> None:
        # the runner always passes device_ids, which DDP accepts for GPU modules only
        if all(parameter.device.type == 'cpu' for parameter in module.parameters()):
            kwargs['device_ids'] = None
        init(self, module, *args, **kwargs)

    return _mark(__init__)


def amp_without_gpu() -> None:
    """``--amp`` without a GPU: bfloat16 autocast if asked for, otherwise one clear sentence."""
    from mmengine.optim import AmpOptimWrapper

    if _without_accelerator() and not _is_ours(AmpOptimWrapper.__init__):
        AmpOptimWrapper.__init__ = _amp_on_cpu(AmpOptimWrapper.__init__)


def _amp_on_cpu(init: Callable) -> Callable:
    from mmengine.optim import AmpOptimWrapper, OptimWrapper

    @functools.wraps(init)
    def __init__(
        self: AmpOptimWrapper,
        loss_scale: Any = 'dynamic',
        dtype: Any = None,
        use_fsdp: bool = False,
        **kwargs: Any,
    ) -> None:
        if dtype not in ('bfloat16', torch.bfloat16) or use_fsdp:
            raise RuntimeError(
                f'mixed precision was asked for (--amp, optim_wrapper.dtype={dtype}) but no GPU '
                "is visible: leave it out, or set optim_wrapper.dtype='bfloat16' to train in "
                'bfloat16 on the CPU'
            )
        OptimWrapper.__init__(self, **kwargs)
        # bfloat16 has the range of float32, so nothing is to be scaled
        self._scale_update_param = None
        self.loss_scaler = torch.cuda.amp.GradScaler(enabled=False)
        self.cast_dtype = torch.bfloat16

    return _mark(__init__)


# -------------------------------------------------------------------------------------- transforms


def hue_shift_in_uint8() -> None:
    """ColorJitter adds the hue offset in uint8, which numpy 2 refuses and which wraps at 256."""
    from mmaction.datasets.transforms import ColorJitter

    purple, factor = np.array([[[255, 0, 128]]], np.uint8), 100 / 255  # hue 165 of 180
    try:
        works = np.array_equal(
            ColorJitter.adjust_hue(purple, factor), _adjust_hue(purple, factor)
        ) and np.array_equal(
            ColorJitter.adjust_hue(purple, -factor), _adjust_hue(purple, -factor)
        )
    except OverflowError:
        works = False
    if not works:
        ColorJitter.adjust_hue = staticmethod(_mark(_adjust_hue))


def _adjust_hue(img: np.ndarray, factor: float) -> np.ndarray:
    """Turn the hue of RGB image(s) in 0..255 by ``factor`` * 255 steps of OpenCV's 180."""
    import cv2

    hsv = cv2.cvtColor(np.clip(img, 0, 255).astype(np.uint8), cv2.COLOR_RGB2HSV)
    hue = hsv[..., 0].astype(np.int16) + int(factor * 255)
    hsv[..., 0] = (hue % 180).astype(np.uint8)
    return cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB).astype(np.float32)
