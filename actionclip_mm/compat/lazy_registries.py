"""Let mmengine's registries import what they are asked for, see :mod:`.lazy_packages`."""

import functools
import importlib
from collections.abc import Iterator
from typing import Any

from .lazy_packages import (
    OWN,
    PACKAGE,
    complete,
    exports,
    is_lazy,
    is_module,
    is_pending,
    mentions,
)

TRUSTED = (PACKAGE, 'mmaction', 'mmengine', 'mmcv')  # their registrations do not depend on order
OF_MMENGINE = (
    'model', 'dataset', 'evaluator', 'hooks', 'optim', 'runner', 'visualization', 'infer',
    '_strategy',
)  # fmt: skip
_patched: list[bool] = []


def install() -> None:
    """Import a class when a registry is asked for it, and all for the list of a registry."""
    if not is_lazy() or _patched:
        return
    _patched.append(True)
    registry: Any = importlib.import_module('mmengine.registry').Registry
    registry.get = _finding(registry.get)
    registry.module_dict = property(_completing(registry.module_dict.fget))
    registry._register_module = _in_order(registry._register_module)
    for name in ('__len__', '__repr__'):
        setattr(registry, name, _completing(getattr(registry, name)))


def _finding(get: Any) -> Any:
    @functools.wraps(get)
    def get_lazily(self: Any, key: str) -> Any:
        if isinstance(key, str):
            scope, name = self.split_scope_key(key)
            if scope is None or scope == self.scope:
                _find(self, name)
        return get(self, key)

    return get_lazily


def _find(registry: Any, name: str) -> None:
    """Import what registers ``name`` in a registry or, if nothing does, in its parents."""
    if name in registry._module_dict:
        return
    for each in _with_parents(registry):
        if _exported(each, name):
            return
        for package in _packages(each):
            if name not in each._module_dict and mentions(package, name):
                _import_all(package)
        if name in each._module_dict:
            return
    complete_all()  # registered under a name that no source spells out


def _exported(registry: Any, name: str) -> bool:
    """Import the modules from which packages have a name, until it is registered."""
    for package in _packages(registry):
        place = exports(package).get(name)
        if place is not None:
            importlib.import_module(place[0])
        if name in registry._module_dict:
            return True
    return False


def _with_parents(registry: Any) -> Iterator[Any]:
    while registry is not None:
        yield registry
        registry = registry.parent


def _packages(registry: Any) -> list[str]:
    """Packages that may register something, and are not imported in full."""
    own = [f'{PACKAGE}.{name}' for name in OWN] if registry.scope == 'mmaction' else []
    hosts = [place for place in registry._locations if place.partition('.')[0] in TRUSTED]
    if registry.scope == 'mmengine':  # whose registries name no places
        hosts = [f'mmengine.{name}' for name in OF_MMENGINE]
    return [name for name in [*own, *hosts] if is_module(name) and is_pending(name)]


def _import_all(package: str) -> None:
    importlib.import_module(package)
    complete(package)


def complete_all() -> None:
    """Import all that importing this package imported before."""
    for name in OWN:
        _import_all(f'{PACKAGE}.{name}')
    for name in ('models', 'datasets', 'evaluation', 'engine', 'visualization'):
        _import_all(f'mmaction.{name}')
    for name in OF_MMENGINE:
        _import_all(f'mmengine.{name}')
    for root in TRUSTED:
        complete(root)


def _completing(read: Any) -> Any:
    @functools.wraps(read)
    def read_completed(self: Any) -> Any:
        if self.scope == 'mmengine':  # others register there as well
            complete_all()
        elif self.scope == 'mmaction':
            for package in _packages(self):
                _import_all(package)
        return read(self)

    return read_completed


def _in_order(register: Any) -> Any:
    """A user's component may replace one of the host (``force=True``), which must come first."""

    @functools.wraps(register)
    def register_in_order(self: Any, module: Any, *args: Any, **kwargs: Any) -> Any:
        root = getattr(module, '__module__', PACKAGE).partition('.')[0]
        if root not in TRUSTED and not root.startswith('torch') and self.scope == 'mmaction':
            for package in _packages(self):
                _import_all(package)
        return register(self, module, *args, **kwargs)

    return register_in_order
