"""torch < 2.6 runs the code that a checkpoint asks for; it gets the check of newer versions."""

import functools
import pickle
import tarfile
from collections.abc import Callable
from types import FunctionType, SimpleNamespace
from typing import Any, ClassVar

import torch

from ..utils.pickles import is_torchscript


def load_without_code(load: Callable, allowed: dict[str, Any]) -> Callable:
    """``torch.load`` of an old version that refuses code, unless it is called to run it.

    As in newer versions ``weights_only=False``, or a ``pickle_module``, still asks for that. Also
    refused, as there, are tar files and archives of TorchScript, with which even the old versions'
    ``weights_only=True`` could be made to run code (CVE-2025-32434).

    Args:
        load: torch's own.
        allowed: What a checkpoint may name besides what torch itself needs, by its full name.
    """
    known = _of_torch() | allowed
    module = SimpleNamespace(
        __name__='pickle of weights',
        Unpickler=type('Unpickler', (PlainUnpickler,), dict(known=known)),
    )
    module.load = lambda file, **kwargs: module.Unpickler(file, **kwargs).load()

    @functools.wraps(load)
    def load_checked(
        f: Any,
        map_location: Any = None,
        pickle_module: Any = None,
        *,
        weights_only: bool | None = None,
        **kwargs: Any,
    ) -> Any:
        if pickle_module is not None or weights_only is False:  # the caller's own decision
            options = dict(kwargs, weights_only=bool(weights_only))
            return load(f, map_location, pickle_module, **options)
        _refuse_archives(f)
        return load(f, map_location, module, weights_only=False, **kwargs)

    return load_checked


def _refuse_archives(file: Any) -> None:
    start = file.tell() if hasattr(file, 'tell') else None
    for kind, found in (
        ('legacy .tar file', tarfile.is_tarfile),
        ('TorchScript archive', is_torchscript),
    ):
        is_archive = found(file)
        if start is not None:
            file.seek(start)
        if is_archive:
            # of newer versions the same kind of error
            raise RuntimeError(f'Cannot use ``weights_only=True`` with a {kind}')


class PlainUnpickler(pickle._Unpickler):  # type: ignore[name-defined]
    """Find what is ``known`` and nothing else; in Python, since the C one has no single steps."""

    known: ClassVar[dict[str, Any]]
    stack: list[Any]

    def find_class(self, module: str, name: str) -> Any:
        module = 'builtins' if module == '__builtin__' else module  # its name in protocol 2
        if f'{module}.{name}' not in self.known:
            raise pickle.UnpicklingError(f'Unsupported global: GLOBAL {module}.{name}')
        return self.known[f'{module}.{name}']

    def load_build(self) -> None:
        """Sets the state of an object, never that of a class or function, which others use."""
        if isinstance(self.stack[-2], (type, FunctionType)):
            raise pickle.UnpicklingError(f'Unsupported function {self.stack[-2].__name__}')
        super().load_build()  # type: ignore[misc]  # of the pure Python class

    dispatch: ClassVar[dict] = dict(pickle._Unpickler.dispatch)  # type: ignore[attr-defined]
    dispatch[pickle.BUILD[0]] = load_build


def _of_torch() -> dict[str, Any]:
    """What tensors are rebuilt with: torch's own list, and the kinds of numbers that it lacks."""
    from torch import _weights_only_unpickler

    dtypes = {str(value): value for value in vars(torch).values() if isinstance(value, torch.dtype)}
    return {
        **_weights_only_unpickler._get_allowed_globals(),
        **dtypes,
        'torch.device': torch.device,
        '_codecs.encode': encode_latin1,
        'builtins.set': set,
    }


def encode_latin1(text: str, encoding: str) -> bytes:
    """How pickles of numpy hold bytes."""
    if encoding not in ('latin1', 'latin-1'):
        raise pickle.UnpicklingError(f'Unsupported global: GLOBAL _codecs.encode to {encoding}')
    return text.encode('latin1')
