"""ActionCLIP as a plugin of mmaction2: importing this package registers its components.

The ``actionclip`` command is the exception: it registers them when a subcommand asks, so that
``actionclip --help`` and wrong calls answer without importing torch.
"""

import functools
import multiprocessing
import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .version import __version__

if TYPE_CHECKING:
    from .apis import ActionCLIPInferencer

__all__ = ['ActionCLIPInferencer', '__version__', 'register_all']

_COMMANDS = ('actionclip', 'actionclip.exe', 'actionclip-script.py')


@functools.cache
def register_all() -> None:
    """Check the host packages, fix what importing them needs, and register our components.

    Raises:
        ImportError: A host package is missing or outside the supported versions.
    """
    from .compat import at_import, lazy_packages, lazy_registries
    from .hosts import check_hosts

    lazy_packages.install()
    check_hosts()
    lazy_registries.install()
    at_import.apply()  # before mmaction.models is imported, which fails without it
    for name in ('models', 'datasets', 'evaluation', 'engine'):
        import_module(f'{__name__}.{name}')


def _is_command() -> bool:
    """Whether this process runs ``actionclip``, ``python -m actionclip_mm`` or a shim in tools."""
    if multiprocessing.current_process().name != 'MainProcess':
        return False  # a spawned worker has its parent's argv but none of its registrations
    name = Path(sys.argv[0]).name if getattr(sys, 'argv', None) else ''
    if name != '-m' or '-m' not in sys.orig_argv:
        return name in _COMMANDS
    module = sys.orig_argv[sys.orig_argv.index('-m') + 1]
    return module == __name__ or module.startswith(f'{__name__}.cli')


def __getattr__(name: str) -> Any:
    if name == 'ActionCLIPInferencer':  # imported when asked for: configs do not need it
        register_all()
        return import_module(f'{__name__}.apis').ActionCLIPInferencer
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')


if not _is_command():
    register_all()
