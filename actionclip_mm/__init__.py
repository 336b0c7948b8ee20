"""ActionCLIP as a plugin of mmaction2: importing this package registers its components."""

from importlib import import_module

from . import compat
from .hosts import check_hosts
from .version import __version__

__all__ = ['__version__']

check_hosts()
compat.apply()  # before mmaction.models is imported, which fails without it

for _name in ('models', 'datasets', 'evaluation', 'engine'):
    import_module(f'{__name__}.{_name}')
