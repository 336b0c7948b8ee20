"""Checkpoints load with torch's ``weights_only`` check on, whatever the host asks of torch."""

import contextlib
import functools
import inspect
import pickle
import re
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import torch

from ..utils.pickles import DAMAGED
from ..utils.weight_values import check_weight_values
from .fixes import fix
from .plain_numpy import STAND_INS
from .unpickling import load_without_code

# The checkpoint that a loader of mmengine is reading now: there torch.load is forced to check.
_reading: ContextVar[str | None] = ContextVar('reading', default=None)

MARKER = Path(__file__).with_name('marker_pickle.txt')  # names run_marker below
_ran: list[bool] = []


@fix()
def force_weights_only() -> None:
    """mmengine's loaders refuse its own checkpoints, or run code in them, depending on torch.

    torch >= 2.6 checks by default, but refuses mmengine's own checkpoints; older versions, and some
    versions of mmengine on any torch (onedl-mmengine, mmengine's main branch), run what a file
    holds. Here the check is asked for in so many words, for all schemes (local files, http, s3,
    torchvision, openmmlab and those that are registered later). Beside tensors and plain containers
    a checkpoint may hold HistoryBuffer, numbers and arrays of numpy, and a pickled ``getattr`` that
    fetches HistoryBuffer's statistics. Anything else is refused in one sentence that names it.

    Raises:
        RuntimeError: mmengine still runs the code of a file.
    """
    from mmengine.runner import checkpoint

    if _checks_by_default():
        torch.serialization.add_safe_globals(_log_history())
    else:
        torch.load = torch.serialization.load = _torch_load()
    _force_the_check()
    load = _of_one_file(checkpoint.CheckpointLoader.load_checkpoint)
    checkpoint.CheckpointLoader.load_checkpoint = staticmethod(load)
    for name in ('load_url', *(n for n in vars(checkpoint) if n.startswith('load_from_'))):
        loader = getattr(checkpoint, name)
        ours = _of_one_file(loader)
        schemes = [k for k, v in checkpoint.CheckpointLoader._schemes.items() if v is loader]
        checkpoint.CheckpointLoader.register_scheme(schemes, ours, force=True)
        setattr(checkpoint, name, ours)
    refuse_to_run_code()


@fix()
def refuse_weights_of_nan() -> None:
    """mmengine loads weights of NaN, and a test with them ends in numbers.

    Refused are NaN, Inf and weights that are no floats, whether by ``load_from``, ``--resume``, an
    ``init_cfg`` or a test, and whatever the model.
    """
    from mmengine.runner import CheckpointLoader

    CheckpointLoader.load_checkpoint = staticmethod(_checking(CheckpointLoader.load_checkpoint))


def _checking(load: Callable) -> Callable:
    @functools.wraps(load)
    def load_checked(filename: Any, *args: Any, **kwargs: Any) -> Any:
        content = load(filename, *args, **kwargs)
        if isinstance(content, dict):
            check_weight_values(content, str(filename))
        return content

    return load_checked


def refuse_to_run_code() -> None:
    """Give mmengine's loader a harmless pickle that tells whether it was run.

    Raises:
        RuntimeError: It was, or it was taken for a checkpoint.
    """
    import mmengine
    from mmengine.runner import CheckpointLoader

    _ran.clear()
    refused = False
    try:
        CheckpointLoader.load_checkpoint(str(MARKER), 'cpu', 'silent')
    except pickle.UnpicklingError:
        refused = True
    except Exception:  # whatever a host makes of a file that it has run
        pass
    if _ran or not refused:
        raise RuntimeError(  # mmengine hides an ImportError of custom_imports
            f'mmengine {mmengine.__version__} runs the code that a checkpoint holds, and '
            'actionclip_mm cannot prevent it there: pip install "mmengine>=0.10.5,<0.11"'
        )


def run_marker() -> None:
    """What :data:`MARKER` calls where it is run."""
    _ran.append(True)


def load_weights_only(file: Any, **options: Any) -> Any:
    """``torch.load`` with the check on, whether or not fixes are applied.

    Beside tensors and plain values only mmengine's log history and numbers of numpy are loaded.
    """
    with _our_names_alone():
        return _torch_load()(file, weights_only=True, **options)


@contextlib.contextmanager
def reading_weights_only(name: str) -> Iterator[None]:
    """Within it every loader, also of mmengine, reads with the check on; for our own API.

    Args:
        name: The file, for messages.
    """
    before = torch.load
    torch.load = torch.serialization.load = _torch_load()
    _force_the_check()
    try:
        with _reading_of(name):
            yield
    finally:
        torch.load = torch.serialization.load = before


def _checks_by_default() -> bool:
    return tuple(int(part) for part in torch.__version__.split('.')[:2]) >= (2, 6)


def _torch_load() -> Callable:
    """torch's own ``load``; on old versions with the check of newer ones."""
    load = inspect.unwrap(torch.load)
    if _checks_by_default():
        return load
    return load_without_code(load, {name: item for item, name in map(_named, _log_history())})


def _of_one_file(load: Callable) -> Callable:
    """A loader whose ``torch.load``, wherever it is called, reads with the check on."""

    @functools.wraps(load)
    def load_checked(*args: Any, **kwargs: Any) -> Any:
        with _reading_of(str([*args, *kwargs.values()][0])):
            return load(*args, **kwargs)

    return load_checked


class _Refused(Exception):
    """Passes through a host that answers an UnpicklingError by reading without the check."""


@contextlib.contextmanager
def _reading_of(name: str) -> Iterator[None]:
    token = _reading.set(name)
    try:
        yield
    except _Refused as error:
        raise pickle.UnpicklingError(str(error)) from None
    finally:
        _reading.reset(token)


def _force_the_check() -> None:
    """Within a loader ``torch.load`` has ``weights_only=True`` and no other unpickler."""
    original = torch.load

    @functools.wraps(original)
    def load(f: Any, *args: Any, **kwargs: Any) -> Any:
        name = _reading.get()
        if name is None:
            return original(f, *args, **kwargs)
        options = {key: value for key, value in kwargs.items() if key != 'pickle_module'}
        options['weights_only'] = True
        with _refusing_clearly(name), _our_names_alone():
            return original(f, *args[:1], **options)

    torch.load = torch.serialization.load = load


@contextlib.contextmanager
def _our_names_alone() -> Iterator[None]:
    """Other packages may have allowed numpy's own functions, or ``getattr`` as it is."""
    if not _checks_by_default():  # the list of our unpickler is its own
        yield
        return
    before = torch.serialization.get_safe_globals()
    ours = _log_history()
    names = {name for _, name in map(_named, ours)}
    others = [
        item
        for item in before
        if (name := _named(item)[1]) not in names and not name.startswith(('numpy.', 'builtins.'))
    ]
    torch.serialization.clear_safe_globals()
    torch.serialization.add_safe_globals(others + ours)
    try:
        yield
    finally:
        torch.serialization.clear_safe_globals()
        torch.serialization.add_safe_globals(before)


def _log_history() -> list[Any]:
    """What mmengine's log history consists of; pairs are known under another name."""
    from mmengine.logging import HistoryBuffer

    of_numpy = [(item, name) for name, item in STAND_INS.items()]
    return [HistoryBuffer, *of_numpy, (_history_statistic, 'builtins.getattr')]


def _named(item: Any) -> tuple[Any, str]:
    return item if isinstance(item, tuple) else (item, f'{item.__module__}.{item.__qualname__}')


def _history_statistic(owner: Any, name: str) -> Callable:
    """The one use of ``getattr`` that a checkpoint may make: HistoryBuffer's statistics."""
    from mmengine.logging import HistoryBuffer

    if owner is not HistoryBuffer or name not in ('min', 'max', 'current', 'mean'):
        raise pickle.UnpicklingError(f'Unsupported global: GLOBAL builtins.getattr of {name!r}')
    return getattr(owner, name)


@contextlib.contextmanager
def _refusing_clearly(filename: str) -> Iterator[None]:
    """Turn torch's page-long refusal into one sentence that names the file and the culprit."""
    try:
        yield
    except DAMAGED as error:
        found = re.search(r'(?:GLOBAL|function|module) (\S+)', str(error))
        reason = (
            f'it holds a pickled {found.group(1)}, which could run code'
            if found
            else f'it is not a checkpoint ({_last_line(error)})'
        )
        raise _Refused(
            f'{filename} was refused: {reason}, and only tensors, plain Python values and '
            "mmengine's log history are loaded; save its state dict alone to use it here"
        ) from None
    except RuntimeError as error:
        if 'TorchScript' not in str(error):
            raise
        raise _Refused(
            f'{filename} was refused: it is an archive of TorchScript, whose code would be '
            'run; convert its weights first (actionclip convert)'
        ) from None


def _last_line(error: Exception) -> str:
    """What an error says; those of Python itself tell of the bytes, so their kind must do."""
    lines = str(error).splitlines()
    return (
        lines[-1] if lines and isinstance(error, pickle.UnpicklingError) else type(error).__name__
    )
