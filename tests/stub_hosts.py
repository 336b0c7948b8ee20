"""mmengine with the checkpoint loaders of hosts that run code of files.

``onedl`` falls back to ``weights_only=False`` and allows ``getattr`` and numpy's own functions, as
onedl-mmengine 0.10.12 does; ``main`` writes ``weights_only=False``, as mmengine's main branch does;
``pickle`` stands for what cannot be guarded. The test suite runs on one of them by
``HOST_STUB=main PYTHONPATH=tests pytest -p stub_hosts`` (a row of ``.ci/matrix``).
"""

import importlib.machinery
import os
import re
import sys
from collections.abc import Sequence
from types import CodeType, ModuleType

MODULE = 'mmengine.runner.checkpoint'
CALL = re.compile(r'(?:torch\.load|_safe_torch_load)\(\s*(\w+),\s*map_location=map_location\)')
CALLS = {
    'onedl': r'_load_or_run(\1, map_location)',
    'main': r'torch.load(\1, map_location=map_location, weights_only=False)',
    'pickle': r"__import__('pickle').load(open(\1, 'rb'))",
}
FALLBACK = """

def _load_or_run(file, map_location):
    import numpy as np
    from pickle import UnpicklingError
    core = getattr(np, '_core', None) or np.core
    allowed = [getattr, slice, np.ndarray, np.dtype, core.multiarray._reconstruct,
               core.multiarray.scalar, type(np.dtype('i8')), type(np.dtype('f8'))]
    try:
        with torch.serialization.safe_globals(allowed):
            return torch.load(file, map_location=map_location, weights_only=True)
    except (UnpicklingError, AttributeError):
        return torch.load(file, map_location=map_location, weights_only=False)
"""


class _Loader(importlib.machinery.SourceFileLoader):
    kind: str

    def get_code(self, fullname: str) -> CodeType:
        source, count = CALL.subn(CALLS[self.kind], self.get_data(self.path).decode())
        assert count >= 4, 'the loaders of this mmengine are written in another way'
        return compile(source + FALLBACK, self.path, 'exec')


class _Finder:
    def __init__(self, kind: str) -> None:
        self.kind = kind

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if name != MODULE:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path)
        assert spec is not None and spec.origin is not None
        spec.loader = _Loader(name, spec.origin)
        spec.loader.kind = self.kind
        return spec


def install(kind: str) -> None:
    """Replace mmengine's loaders by those of a host; call before mmengine is imported."""
    assert kind in CALLS and MODULE not in sys.modules
    sys.meta_path.insert(0, _Finder(kind))


if os.environ.get('HOST_STUB'):
    install(os.environ['HOST_STUB'])
