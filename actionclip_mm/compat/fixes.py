"""Find breakages of the host packages, fix each once, and report both."""

import importlib.util
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

SWITCH = 'ACTIONCLIP_MM_COMPAT'  # environment variable; 'off' applies no fix
PACKAGES = ('mmengine', 'mmcv', 'mmaction', 'actionclip_mm')


@dataclass(eq=False)
class Fix:
    """A breakage of a host package and its fix.

    Calling it fixes the host if the breakage is present; further calls do nothing.

    Attributes:
        replace: Changes the host unconditionally.
        look: Whether the host, in its present state, has the breakage.
        is_applied: Whether the host was changed.
    """

    replace: Callable[[], None]
    look: Callable[[], bool]
    is_applied: bool = False
    _present: bool | None = None

    @property
    def name(self) -> str:
        return self.replace.__name__

    @property
    def description(self) -> str:
        """The breakage in one line."""
        return (self.replace.__doc__ or '').partition('\n')[0]

    @property
    def is_present(self) -> bool:
        """Whether this host had the breakage before it was fixed."""
        if self._present is None:
            self._present = self.look()
        return self._present

    def __call__(self) -> None:
        if self.is_present and not self.is_applied:
            self.replace()
            self.is_applied = True


def fix(look: Callable[[], bool] = lambda: True) -> Callable[[Callable[[], None]], Fix]:
    """Decorate a function that changes a host, and make it a :class:`Fix`.

    Its name says what it does, the first line of its docstring what is broken.

    Args:
        look: Whether the host has the breakage. Defaults to always.
    """
    return lambda replace: Fix(replace, look)


def is_switched_off() -> bool:
    """Whether ``ACTIONCLIP_MM_COMPAT=off`` is set.

    Raises:
        ValueError: The variable has another value than 'on' or 'off'.
    """
    value = os.environ.get(SWITCH, '') or 'on'
    if value.lower() not in ('on', 'off'):
        raise ValueError(f"{SWITCH} must be 'on' or 'off', got '{value}'.")
    return value.lower() == 'off'


def replace_function(old: Callable, new: Callable) -> None:
    """Replace a function in every loaded module of the hosts and of this package."""
    for name, module in list(sys.modules.items()):
        if name.partition('.')[0] in PACKAGES and isinstance(module, ModuleType):
            for attribute, value in list(vars(module).items()):
                if value is old:
                    setattr(module, attribute, new)


def is_importable(module: str) -> bool:
    """Whether a module can be found; its parent packages are imported."""
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:  # its package is missing
        return False


def host_folder(package: str, *parts: str) -> Path:
    """Folder in an installed package, found without importing the package."""
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ImportError(f'{package} is not installed')
    return Path(next(iter(spec.submodule_search_locations)), *parts)
