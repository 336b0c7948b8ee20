"""Checkpoints load with torch's ``weights_only`` check on."""

import functools
import importlib
import pickle
import re
import struct
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from .replace import is_ours, mark
from .unpickling import replace_torch_load

# What unpickling may raise where a file is no pickle, or is cut: its bytes are taken for commands.
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


def checkpoints_under_weights_only() -> None:
    """torch >= 2.6 refuses mmengine's own checkpoints; allow exactly what they consist of.

    The check stays on, and older versions get it. Beside tensors and plain containers a checkpoint
    holds mmengine's log history: HistoryBuffer, numpy arrays and scalars, and a pickled ``getattr``
    that fetches HistoryBuffer's statistics. Anything else is refused in one sentence that names it.
    """
    from mmengine.runner import checkpoint

    if tuple(int(part) for part in torch.__version__.split('.')[:2]) < (2, 6):
        replace_torch_load({name: item for item, name in map(_named, _log_history())})
    else:
        torch.serialization.add_safe_globals(_log_history())
    if not is_ours(checkpoint.load_from_local):
        loader = _refusing_clearly(checkpoint.load_from_local)
        checkpoint.load_from_local = loader
        checkpoint.CheckpointLoader.register_scheme(prefixes='', loader=loader, force=True)
        # torch.hub's default is still to run the pickle of a downloaded file
        checkpoint.load_url = _refusing_clearly(
            functools.partial(checkpoint.load_url, weights_only=True)
        )


def numpy_globals() -> dict[str, Any]:
    """What pickled arrays and numbers of numpy name, by its full name."""
    return {name: item for item, name in map(_named, _log_history()) if name.startswith('numpy')}


def _log_history() -> list[Any]:
    """What mmengine's log history consists of; pairs are known under another name."""
    from mmengine.logging import HistoryBuffer

    multiarray = importlib.import_module(
        'numpy._core.multiarray'
        if int(np.__version__.split('.')[0]) >= 2
        else 'numpy.core.multiarray'
    )
    rebuild = [
        (getattr(multiarray, name), f'{module}.{name}')
        for module in ('numpy.core.multiarray', 'numpy._core.multiarray')
        for name in ('_reconstruct', 'scalar')
    ]
    dtypes = list({type(np.dtype(code)) for code in np.typecodes['AllInteger'] + '?efd'})
    statistic = (_history_statistic, 'builtins.getattr')
    return [HistoryBuffer, np.ndarray, np.dtype, *dtypes, *rebuild, statistic]


def _named(item: Any) -> tuple[Any, str]:
    return item if isinstance(item, tuple) else (item, f'{item.__module__}.{item.__qualname__}')


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
        except DAMAGED as error:
            found = re.search(r'(?:GLOBAL|function|module) (\S+)', str(error))
            reason = (
                f'it holds a pickled {found.group(1)}, which could run code'
                if found
                else f'it is not a checkpoint ({_last_line(error)})'
            )
            raise pickle.UnpicklingError(
                f'{filename} was refused: {reason}, and only tensors, plain Python values and '
                "mmengine's log history are loaded; save its state dict alone to use it here"
            ) from None
        except RuntimeError as error:
            if 'TorchScript' not in str(error):
                raise
            raise pickle.UnpicklingError(
                f'{filename} was refused: it is an archive of TorchScript, whose code would be '
                'run; convert its weights first (tools/convert/to_actionclip.py)'
            ) from None

    name = getattr(load, '__name__', 'load_url')  # mmengine prints the loader's name
    load_or_refuse.__name__ = name
    return mark(load_or_refuse)


def _last_line(error: Exception) -> str:
    """What an error says; those of Python itself tell of the bytes, so their kind must do."""
    lines = str(error).splitlines()
    return (
        lines[-1] if lines and isinstance(error, pickle.UnpicklingError) else type(error).__name__
    )
