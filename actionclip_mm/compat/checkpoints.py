"""Load checkpoints with torch's ``weights_only`` check, whatever the host asks of torch."""

import contextlib
import functools
import inspect
import os.path as osp
import pickle
import re
import zipfile
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.error import URLError

import torch

from ..utils import UserError, first_line
from ..utils.pickles import DAMAGED
from ..utils.weight_values import check_weight_values
from .file_mapping import maps_weights
from .fixes import fix
from .unpickling import NUMPY_OBJECTS, load_without_code

# The checkpoint that a loader is reading: meanwhile torch.load is forced to check.
_reading: ContextVar[str | None] = ContextVar('reading', default=None)

MARKER = Path(__file__).with_name('marker_pickle.txt')  # names run_marker below
_ran: list[bool] = []


class CheckpointRefused(UserError, pickle.UnpicklingError):
    """A file that is damaged, or holds more than weights."""


class CheckpointMissing(UserError, FileNotFoundError):
    """A checkpoint path that does not exist."""


class DownloadFailed(UserError, ConnectionError):
    """A checkpoint address that cannot be downloaded."""


@fix()
def force_weights_only() -> None:
    """mmengine's loaders refuse its own checkpoints, or run code in them, depending on torch.

    torch >= 2.6 checks by default and refuses mmengine's checkpoints. Older versions, and some
    versions of mmengine on any torch (onedl-mmengine, mmengine's main branch), run code. Here
    ``weights_only=True`` is passed for every scheme: local files, http, s3, torchvision, openmmlab
    and those registered later. Besides tensors and plain containers a checkpoint may hold
    HistoryBuffer, numbers and arrays of numpy, and a pickled ``getattr`` that fetches
    HistoryBuffer's statistics. The error for anything else names it, in one sentence.

    Raises:
        RuntimeError: mmengine still runs code of a file.
    """
    from mmengine.runner import checkpoint

    if _checks_by_default():
        torch.serialization.add_safe_globals(_log_history())
    else:
        torch.load = torch.serialization.load = _torch_load()
    _force_check_while_reading()
    load = _reading_one_file(checkpoint.CheckpointLoader.load_checkpoint)
    checkpoint.CheckpointLoader.load_checkpoint = staticmethod(load)
    for name in ('load_url', *(n for n in vars(checkpoint) if n.startswith('load_from_'))):
        loader = getattr(checkpoint, name)
        ours = _reading_one_file(loader)
        schemes = [k for k, v in checkpoint.CheckpointLoader._schemes.items() if v is loader]
        checkpoint.CheckpointLoader.register_scheme(schemes, ours, force=True)
        setattr(checkpoint, name, ours)
    check_loader_with_marker()


@fix()
def refuse_nan_weights() -> None:
    """mmengine loads NaN weights, and a test with them still prints numbers.

    NaN, Inf and weights that are not floats are refused for ``load_from``, ``--resume``,
    ``init_cfg`` and tests, whatever the model.
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


def check_loader_with_marker() -> None:
    """Let mmengine load a harmless pickle that records whether it was run.

    Raises:
        RuntimeError: It was run, or loaded as a checkpoint.
    """
    import mmengine
    from mmengine.runner import CheckpointLoader

    _ran.clear()
    refused = False
    try:
        CheckpointLoader.load_checkpoint(str(MARKER), 'cpu', 'silent')
    except pickle.UnpicklingError:
        refused = True
    except Exception:  # any error of a host that ran the file
        pass
    if _ran or not refused:
        raise RuntimeError(  # mmengine hides an ImportError of custom_imports
            f'mmengine {mmengine.__version__} runs code in checkpoints and actionclip_mm cannot '
            'prevent it: pip install "mmengine>=0.10.5,<0.11"'
        )


def run_marker() -> None:
    """Record that :data:`MARKER` was run."""
    _ran.append(True)


def load_weights_only(file: Any, **options: Any) -> Any:
    """``torch.load`` with the check on, whether or not fixes are applied.

    Only tensors, plain values, mmengine's log history and numbers of numpy are loaded.
    """
    with _our_safe_globals():
        return _torch_load()(file, weights_only=True, **_mapped(file, options))


@contextlib.contextmanager
def reading_weights_only(name: str) -> Iterator[None]:
    """Make every loader check within the block, whether or not fixes are applied.

    Args:
        name: The file, for messages.
    """
    before = torch.load
    torch.load = torch.serialization.load = _torch_load()
    _force_check_while_reading()
    try:
        with _reading_file(name):
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


def _reading_one_file(load: Callable) -> Callable:
    """Wrap a loader, so that ``torch.load`` checks wherever it is called."""

    @functools.wraps(load)
    def load_checked(*args: Any, **kwargs: Any) -> Any:
        with _reading_file(str([*args, *kwargs.values()][0])):
            return load(*args, **kwargs)

    return load_checked


class _Refused(Exception):
    """Passes through hosts that answer an UnpicklingError by loading without the check."""


@contextlib.contextmanager
def _reading_file(name: str) -> Iterator[None]:
    """Mark a file as being read, and turn errors of loading it into one sentence."""
    token = _reading.set(name)
    try:
        yield
    except _Refused as error:
        raise CheckpointRefused(str(error)) from None
    except FileNotFoundError as error:
        if isinstance(error, UserError) or '://' in name or osp.isfile(osp.expanduser(name)):
            raise
        raise CheckpointMissing(f"There is no checkpoint '{name}'.") from None
    except (URLError, HTTPException, ConnectionError, TimeoutError, RuntimeError) as error:
        is_damaged = str(error).startswith('invalid hash value')  # of torch.hub
        if isinstance(error, UserError) or (isinstance(error, RuntimeError) and not is_damaged):
            raise
        raise DownloadFailed(
            f"'{name}' cannot be downloaded ({first_line(error)}): check the address and the "
            'network, or give a local file.'
        ) from None
    finally:
        _reading.reset(token)


def _force_check_while_reading() -> None:
    """Make ``torch.load`` use ``weights_only=True`` and its own unpickler within a loader."""
    original = torch.load

    @functools.wraps(original)
    def load(f: Any, *args: Any, **kwargs: Any) -> Any:
        name = _reading.get()
        if name is None:
            return original(f, *args, **kwargs)
        options = {key: value for key, value in kwargs.items() if key != 'pickle_module'}
        options['weights_only'] = True
        options = _mapped(f, options)
        with _explaining_refusals(name), _our_safe_globals():
            return original(f, *args[:1], **options)

    torch.load = torch.serialization.load = load


def _mapped(file: Any, options: dict[str, Any]) -> dict[str, Any]:
    """Options of ``torch.load`` that map a file, where it can be mapped, instead of reading it."""
    place = (isinstance(file, (str, Path)) and options.get('map_location')) or None
    if place not in ('cpu', torch.device('cpu')) or not (maps_weights() and _checks_by_default()):
        return options
    return dict(options, mmap=True) if zipfile.is_zipfile(file) else options


@contextlib.contextmanager
def _our_safe_globals() -> Iterator[None]:
    """Hide numpy's functions and ``getattr``, which other packages may have allowed."""
    if not _checks_by_default():  # our unpickler has its own list
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
    """Objects in mmengine's log history; pairs hold a replacement and the name it replaces."""
    from mmengine.logging import HistoryBuffer

    of_numpy = [(item, name) for name, item in NUMPY_OBJECTS.items()]
    return [HistoryBuffer, *of_numpy, (_history_statistic, 'builtins.getattr')]


def _named(item: Any) -> tuple[Any, str]:
    return item if isinstance(item, tuple) else (item, f'{item.__module__}.{item.__qualname__}')


def _history_statistic(owner: Any, name: str) -> Callable:
    """Replacement of ``getattr`` that returns HistoryBuffer's statistics only."""
    from mmengine.logging import HistoryBuffer

    if owner is not HistoryBuffer or name not in ('min', 'max', 'current', 'mean'):
        raise pickle.UnpicklingError(f'Unsupported global: GLOBAL builtins.getattr of {name!r}')
    return getattr(owner, name)


@contextlib.contextmanager
def _explaining_refusals(filename: str) -> Iterator[None]:
    """Turn torch's page-long refusal into one sentence with the file and the reason."""
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
            f'{filename} was refused: {reason}. Only tensors, plain Python values and '
            "mmengine's log history are loaded; save its state dict alone to use it"
        ) from None
    except RuntimeError as error:
        if 'TorchScript' not in str(error):
            raise
        raise _Refused(
            f'{filename} was refused: it is a TorchScript archive, which would run code; '
            'convert its weights first (actionclip convert)'
        ) from None


def _last_line(error: Exception) -> str:
    """Last line of an unpickling error; the kind of any other, whose text is about bytes."""
    lines = str(error).splitlines()
    return (
        lines[-1] if lines and isinstance(error, pickle.UnpicklingError) else type(error).__name__
    )
