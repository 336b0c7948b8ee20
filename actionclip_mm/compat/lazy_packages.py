"""Import packages of the hosts, and of this one, name by name.

``import mmaction.models`` imports 130 modules for the three that a recognizer of ours needs, and
so do most packages of mmengine. Here the ``__init__`` of such a package is executed when it is
needed: a name that it imports from a submodule imports that submodule alone, any other name
executes it. Registries find classes the same way, and import whole packages for names that may be
registered anywhere in them, so that nothing that was found before is missing.

Commands that predict do so, and any process with ``ACTIONCLIP_MM_LAZY=on``; ``off`` imports
everything at once, as Python does and as training does.
"""

import ast
import functools
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import os
import re
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from . import deferred_imports
from .fixes import is_switched_off

SWITCH = 'ACTIONCLIP_MM_LAZY'  # environment variable
PACKAGE = __package__.partition('.')[0]
OWN = ('models', 'datasets', 'evaluation', 'engine')  # packages of ours that register components
EAGER = ('config', 'fileio', 'logging', 'registry', 'utils')  # of mmengine, which imports them

_lock = threading.RLock()
_wanted: list[bool] = []
_before: dict[str, list[Callable[[], object]]] = {}


def want() -> None:
    """Import lazily in this process, unless the hosts are imported already."""
    if not any(name in sys.modules for name in ('mmaction', 'mmengine.model', 'mmengine.runner')):
        _wanted.append(True)


def is_lazy() -> bool:
    """Whether packages are imported name by name; not where fixes of hosts are switched off.

    Raises:
        ValueError: The variable has another value than 'on' or 'off'.
    """
    value = (os.environ.get(SWITCH) or ('on' if _wanted else 'off')).lower()
    if value not in ('on', 'off'):
        raise ValueError(f"{SWITCH} must be 'on' or 'off', got '{value}'.")
    return value == 'on' and not is_switched_off()


def install() -> None:
    """Import the packages lazily from now on; those already imported stay as they are."""
    if is_lazy() and not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path[:0] = [_Finder(), deferred_imports.Finder()]


def before(package: str, action: Callable[[], object]) -> None:
    """Run ``action`` before the ``__init__`` of a package is executed; at once without laziness."""
    if is_lazy() and (package not in sys.modules or type(sys.modules[package]) is LazyPackage):
        _before.setdefault(package, []).append(action)
    else:
        action()


class LazyPackage(ModuleType):
    """A package whose ``__init__`` was not executed yet."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith('__') and name != '__all__':
            raise AttributeError(f'module {self.__name__!r} has no attribute {name!r}')
        place = exports(self.__name__).get(name)
        if place is not None:
            module, attribute = place
            value = _imported(module, attribute)
            self.__dict__[name] = value
            return value
        if is_module(f'{self.__name__}.{name}'):
            return importlib.import_module(f'{self.__name__}.{name}')
        complete(self.__name__)
        return getattr(self, name)

    def __dir__(self) -> list[str]:
        complete(self.__name__)
        return dir(self)


def _imported(module: str, attribute: str) -> Any:
    found = importlib.import_module(module)
    if not hasattr(found, attribute):
        return importlib.import_module(f'{module}.{attribute}')
    return getattr(found, attribute)


def complete(package: str) -> None:
    """Execute what is left of a package and of the packages in it that were imported."""
    with _lock:
        while pending := next(_pending_in(package), None):
            _run_actions_before(pending.__name__)
            if type(pending) is LazyPackage:
                # first, so that circular imports see what there is, as always
                pending.__class__ = ModuleType  # type: ignore[assignment]
                assert pending.__spec__ is not None and pending.__spec__.loader is not None
                pending.__spec__.loader.exec_module(pending)


def _run_actions_before(package: str) -> None:
    for action in _before.pop(package, ()):
        action()


def _pending_in(package: str) -> Iterator[ModuleType]:
    for name, module in list(sys.modules.items()):
        if type(module) is LazyPackage and (name == package or name.startswith(f'{package}.')):
            yield module


def is_pending(package: str) -> bool:
    """Whether a package, or a part of it, was not imported in full."""
    return package not in sys.modules or next(_pending_in(package), None) is not None


class _Finder(importlib.abc.MetaPathFinder):
    """Finds packages of the hosts whose ``__init__`` only imports."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        root, _, rest = name.partition('.')
        if not _is_lazy(root, rest.partition('.')[0]) or path is None:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec is None or spec.loader is None or not spec.submodule_search_locations:
            return spec
        if spec.origin is not None and _only_imports(spec.origin):
            spec.loader = _Loader(spec.loader)
        else:
            _run_actions_before(name)
        return spec


def _is_lazy(root: str, part: str) -> bool:
    if root == 'mmengine':
        return bool(part) and part not in EAGER
    return bool(part) if root == 'mmaction' else root == PACKAGE and part in OWN


class _Loader(importlib.abc.Loader):
    """Creates a package without executing it."""

    def __init__(self, loader: Any) -> None:
        self.loader = loader

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType | None:
        module: ModuleType | None = self.loader.create_module(spec)
        return module

    def exec_module(self, module: ModuleType) -> None:
        assert module.__spec__ is not None
        module.__spec__.loader = module.__loader__ = self.loader
        module.__class__ = LazyPackage


def _only_imports(path: str) -> bool:
    """Whether a file has no effects of its own: imports, ``__all__``, and conditions on these."""
    return all(_is_harmless(node) for node in _parsed(path).body)


def _is_harmless(node: ast.stmt) -> bool:
    if isinstance(node, ast.If):
        return all(map(_is_harmless, [*node.body, *node.orelse]))
    if isinstance(node, ast.Assign):
        return [getattr(target, 'id', '') for target in node.targets] == ['__all__']
    if isinstance(node, ast.AugAssign):
        return getattr(node.target, 'id', '') == '__all__'
    if isinstance(node, ast.Expr):  # docstrings, and __all__.append
        text = ast.unparse(node)
        return isinstance(node.value, ast.Constant) or text.startswith('__all__.')
    return isinstance(node, (ast.Import, ast.ImportFrom))


@functools.cache
def _parsed(path: str) -> ast.Module:
    return ast.parse(Path(path).read_bytes())


@functools.cache
def exports(package: str) -> dict[str, tuple[str, str]]:
    """Names that a package imports from its own modules: name -> module and name there.

    Conditional imports are not among them.
    """
    origin = _origin(package)
    is_package = origin.name == '__init__.py'
    body = _parsed(str(origin)).body
    if not is_package:
        return {name: (package, name) for name in _public_names(body)}
    found: dict[str, tuple[str, str]] = {}
    for node in body:
        if not isinstance(node, ast.ImportFrom) or node.level != 1 or node.module is None:
            continue
        module = f'{package}.{node.module}'
        for alias in node.names:
            if alias.name == '*':
                found.update(_starred(module))
            else:
                found[alias.asname or alias.name] = (module, alias.name)
    return found


def _starred(module: str) -> dict[str, tuple[str, str]]:
    names = exports(module)
    public = _all_of(_parsed(str(_origin(module))).body)
    if public is None:
        return {name: place for name, place in names.items() if not name.startswith('_')}
    return {name: place for name, place in names.items() if name in public}


def _public_names(body: list[ast.stmt]) -> list[str]:
    defined = (ast.ClassDef, ast.FunctionDef)
    return [node.name for node in body if isinstance(node, defined)]


def _all_of(body: list[ast.stmt]) -> set[str] | None:
    """Names of a literal ``__all__``; None without one."""
    for node in body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], 'id', '') == '__all__':
            return {str(item) for item in ast.literal_eval(node.value)}
    return None


def _origin(module: str) -> Path:
    """The file of a module, found without importing it or its packages."""
    root, *rest = module.split('.')
    top = sys.modules[root]
    place = Path(next(iter(top.__path__))).joinpath(*rest)
    return place / '__init__.py' if place.is_dir() else place.with_suffix('.py')


def is_module(name: str) -> bool:
    """Whether a module exists; it is not imported, but its top package must be."""
    return _origin(name).is_file()


@functools.cache
def _sources(package: str) -> str:
    folder = _origin(package).parent
    files = sorted(folder.rglob('*.py')) if _origin(package).name == '__init__.py' else []
    return '\n'.join(file.read_text(encoding='utf-8') for file in files)


def mentions(package: str, name: str) -> bool:
    """Whether a name occurs anywhere in the sources of a package."""
    return re.search(rf'\b{re.escape(name)}\b', _sources(package)) is not None
