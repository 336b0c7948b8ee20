"""Print the attributes of host modules that importing modules changes, as JSON.

Usage: python host_attributes_worker.py MODULE ...

An attribute is named by the module or class that defines it; that other modules hold it by name as
well is not counted again.
"""

import importlib
import json
import multiprocessing.queues  # noqa: F401  one of the hosts
import os
import subprocess
import sys
import types
from collections.abc import Iterator
from typing import Any

import torch

HOSTS = ('mmengine', 'mmcv', 'mmaction', 'torch', 'multiprocessing')
LIST = """
import importlib, sys
for name in sys.argv[1:]: importlib.import_module(name)
print(*[name for name in sys.modules if name.split('.')[0] in ('mmengine', 'mmcv', 'mmaction')])
"""


def import_hosts(modules: list[str]) -> None:
    """Import the modules of the hosts that importing ours imports, but none of ours."""
    command = [sys.executable, '-W', 'ignore', '-c', LIST, *modules]
    env = {**os.environ, 'ACTIONCLIP_MM_COMPAT': 'on'}  # or mmaction.models is not imported
    names = subprocess.run(
        command, capture_output=True, text=True, check=True, env=env
    ).stdout.split()
    import mmaction.utils.dependency

    mmaction.utils.dependency.WITH_MULTIMODAL = 'mmaction.models.multimodal.vindlu' in names
    drn: Any = types.ModuleType('mmaction.models.localizers.drn')
    drn.__path__, drn.drn, drn.DRN = [], types.ModuleType(f'{drn.__name__}.drn'), object
    drn.drn.DRN = object
    for name in names:
        if name == drn.__name__:
            sys.modules.update({drn.__name__: drn, drn.drn.__name__: drn.drn})
        importlib.import_module(name)


def attributes() -> Iterator[tuple[str, Any]]:
    """Functions, methods, and of OpenMMLab numbers, texts and entries of tables as well."""
    seen: set[int] = set()
    for module_name, module in list(sys.modules.items()):
        if module_name.split('.')[0] in HOSTS and isinstance(module, types.ModuleType):
            for name, value in list(vars(module).items()):
                if isinstance(value, type):
                    if id(value) not in seen and value.__module__.split('.')[0] in HOSTS:
                        seen.add(id(value))
                        owner = f'{value.__module__}.{value.__qualname__}'
                        yield from entries(owner, dict(vars(value)))
                elif not isinstance(value, types.ModuleType) or name == 'np':
                    yield from entries(module_name, {name: value})


def entries(owner: str, values: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    functions = (types.FunctionType, types.BuiltinFunctionType, staticmethod, classmethod)
    for name, value in values.items():
        if owner.startswith('mm'):
            yield f'{owner}.{name}', value
            if isinstance(value, dict) and name[:2] != '__':
                yield from ((f'{owner}.{name}[{key}]', item) for key, item in list(value.items()))
        elif isinstance(value, functions):  # torch fills its tables as it goes
            yield f'{owner}.{name}', value


def is_same(first: Any, second: Any) -> bool:
    """Whether an attribute is as it was, or torch itself has changed it."""
    plain = (bool, int, float, str, bytes, type(None))
    code = getattr(second, '__code__', None)
    of_torch = code is not None and code.co_filename.startswith(os.path.dirname(torch.__file__))
    return first is second or of_torch or (isinstance(first, plain) and first == second)


def home_of(value: Any) -> str:
    """Name of a function where it is defined."""
    return f'{getattr(value, "__module__", "")}.{getattr(value, "__qualname__", "")}'


if __name__ == '__main__':
    import_hosts(sys.argv[1:])
    before = dict(attributes())
    for name in sys.argv[1:]:
        importlib.import_module(name)
    after = dict(attributes())
    changed = {
        name
        for name, value in after.items()
        if (name in before and not is_same(before[name], value))
        or (name not in before and '[' in name and name.split('[')[0] in before)
    }
    aliases = {name for name in changed if '[' not in name and home_of(before.get(name)) != name}
    print(json.dumps(sorted(changed - {n for n in aliases if home_of(before[n]) in changed})))
