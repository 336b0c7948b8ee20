"""Models for inference: no random weights before those of a file, which is mapped, not read twice.

``ACTIONCLIP_MM_MAP_WEIGHTS=off`` initializes and reads weights as torch does.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from ..compat.file_mapping import copying_at_once, is_switched_on

RANDOM = ('normal_', 'uniform_', 'kaiming_uniform_', 'kaiming_normal_')


@contextmanager
def weights_from_files() -> Iterator[None]:
    """Build modules without random values.

    Only for models whose weights are all loaded within the block, strictly.
    """
    if not is_switched_on():
        yield
        return
    with copying_at_once(), _WithoutRandomValues():
        yield


class _WithoutRandomValues(TorchFunctionMode):
    """Leaves memory as it is where modules would be initialized at random."""

    def __torch_function__(
        self, func: Any, types: Any, args: tuple = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        name = getattr(func, '__name__', '')
        if name in RANDOM:
            return args[0] if args else kwargs['tensor']
        if name == 'randn' and 'generator' not in kwargs:
            return torch.empty(*args, **kwargs)
        return func(*args, **kwargs)
