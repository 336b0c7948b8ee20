"""Import heavy optional packages when they are used, not when open_clip or torchvision is.

open_clip imports transformers, timm and the hub's client in ``try`` statements, torchvision imports
the compiler of torch for one function: together more time than torch itself takes. They are hidden
while open_clip and torchvision are imported. The ``try`` statements run again before the first
object that needs them is built. See :mod:`.lazy_packages` for where.
"""

import ast
import functools
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

# module of open_clip -> what it imports in a `try` statement, and what needs that:
# functions, or classes when they are built
GUARDED = {
    'hf_model': ('transformers', ('HFTextEncoder.__init__',)),
    'coca_model': ('transformers', ('CoCa.generate', 'CoCa._generate_beamsearch')),
    'timm_model': ('timm', ('TimmModel.__init__',)),
}
COMPILER = 'torch._dynamo.utils'
_waiting: list[Callable[[], None]] = []  # imports of open_clip that were put off


class Finder(importlib.abc.MetaPathFinder):
    """Finds open_clip and torchvision, and hides packages while they are imported."""

    def find_spec(self, name: str, path: Any, target: Any = None) -> Any:
        context = CONTEXTS.get(name)
        if context is None:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = _Within(spec.loader, context)
        return spec


class _Within(importlib.abc.Loader):
    def __init__(self, loader: Any, context: Callable[[], Any]) -> None:
        self.loader, self.context = loader, context

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType | None:
        module: ModuleType | None = self.loader.create_module(spec)
        return module

    def exec_module(self, module: ModuleType) -> None:
        assert module.__spec__ is not None
        module.__spec__.loader = module.__loader__ = self.loader
        with self.context():
            self.loader.exec_module(module)


@contextmanager
def without_optional_packages() -> Iterator[None]:
    """Hide transformers and timm from open_clip, which imports them when it builds such a tower."""
    packages = sorted({package for package, _ in GUARDED.values()})
    hidden = [name for name in packages if name not in sys.modules]
    with ExitStack() as stack:
        for name in hidden:
            stack.enter_context(_hidden(name))
        yield
    for name, (package, users) in GUARDED.items():
        module = sys.modules.get(f'open_clip.{name}')
        if module is not None and package in hidden and importlib.util.find_spec(package):
            _run_guarded_imports_before(module, users)


def import_optional_packages() -> None:
    """Import what open_clip would have imported, for code that looks into its modules."""
    while _waiting:
        _waiting.pop()()


@contextmanager
def _hidden(package: str) -> Iterator[None]:
    """Make importing a package fail with ImportError within the block."""
    sys.modules[package] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules[package]


def _run_guarded_imports_before(module: ModuleType, users: tuple[str, ...]) -> None:
    """Let the first call of any user run the body of the module's ``try`` statement."""
    originals: list[tuple[Any, str, Any]] = []
    for user in users:
        owner_name, _, name = user.partition('.')
        owner = getattr(module, owner_name, None)
        if owner is not None and name in vars(owner):
            originals.append((owner, name, vars(owner)[name]))

    def restore() -> None:
        if restore in _waiting:
            _waiting.remove(restore)
        for owner, name, function in originals:
            setattr(owner, name, function)
        _run_guarded_imports(module)

    _waiting.append(restore)
    for owner, name, function in originals:
        setattr(owner, name, _after(restore, function))


def _after(restore: Callable[[], None], function: Any) -> Any:
    @functools.wraps(function)
    def restored(*args: Any, **kwargs: Any) -> Any:
        restore()
        return function(*args, **kwargs)

    return restored


def _run_guarded_imports(module: ModuleType) -> None:
    assert module.__file__ is not None
    tree = ast.parse(Path(module.__file__).read_bytes())
    guarded = next(node for node in tree.body if isinstance(node, ast.Try))
    code = compile(ast.Module([guarded], type_ignores=[]), module.__file__, 'exec')
    exec(code, vars(module))


@contextmanager
def without_compiler() -> Iterator[None]:
    """torchvision imports torch's compiler for a function that its ``roi_align`` may call."""
    importlib.import_module('torch')  # which may import it

    if COMPILER in sys.modules:
        yield
        return
    stub = sys.modules[COMPILER] = _Compiler(COMPILER)
    try:
        yield
    finally:
        if sys.modules.get(COMPILER) is stub:
            del sys.modules[COMPILER]


@contextmanager
def without_disabling() -> Iterator[None]:
    """torchvision exempts a function from compilation, which imports the compiler."""
    compiler: Any = importlib.import_module('torch.compiler')
    disable, compiler.disable = compiler.disable, _exempt_later
    try:
        yield
    finally:
        compiler.disable = disable


def _exempt_later(function: Callable[..., Any]) -> Callable[..., Any]:
    """``torch.compiler.disable``, from when the compiler is imported."""
    exempt: list[Callable[..., Any]] = []

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        if 'torch._dynamo' not in sys.modules:
            return function(*args, **kwargs)
        if not exempt:
            exempt.append(importlib.import_module('torch.compiler').disable(function))
        return exempt[0](*args, **kwargs)

    return call


CONTEXTS: dict[str, Callable[[], Any]] = {
    'open_clip': without_optional_packages,
    'torchvision': without_compiler,
    'torchvision.tv_tensors': without_disabling,
}


class _Compiler(ModuleType):
    """``torch._dynamo.utils`` while torchvision is imported."""

    @staticmethod
    def is_compile_supported(*args: Any, **kwargs: Any) -> Any:
        return importlib.import_module(COMPILER).is_compile_supported(*args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        if name.startswith('__'):
            raise AttributeError(name)
        if sys.modules.get(COMPILER) is self:
            del sys.modules[COMPILER]
        return getattr(importlib.import_module(COMPILER), name)
