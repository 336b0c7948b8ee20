"""Models for inference: no random weights before those of a file, and no second copy of these.

Weights of a file stay mapped into memory: they are read when they are needed, and the system can
share and drop their pages. The file must not be overwritten in place meanwhile; files that this
package writes are replaced as a whole. ``ACTIONCLIP_MM_MAP_WEIGHTS=off`` initializes, reads and
copies weights as torch does.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from ..compat.file_mapping import maps_weights

RANDOM = ('normal_', 'uniform_', 'kaiming_uniform_', 'kaiming_normal_')
_KEEPS: ContextVar[bool] = ContextVar('keeps_loaded_tensors', default=False)


@contextmanager
def weights_from_files() -> Iterator[None]:
    """Build modules without random values, and take the tensors that they load as they are.

    Only for models whose weights are all loaded within the block, strictly.
    """
    if not maps_weights():
        yield
        return
    token = _KEEPS.set(True)
    try:
        with _WithoutRandomValues():
            yield
    finally:
        _KEEPS.reset(token)


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


def load_state_dict(module: nn.Module, state: Mapping[str, Tensor]) -> tuple[list, list]:
    """``module.load_state_dict`` without strictness, within :func:`weights_from_files` not copied.

    Returns:
        Names that ``state`` lacks, and names that the module lacks.
    """
    if not _KEEPS.get():
        return module.load_state_dict(state, strict=False)
    own = module.state_dict()
    # a copy takes the type of the module, OpenAI's files have fp16
    kept = {
        name: value.to(own[name].dtype) if name in own and not own[name].is_meta else value
        for name, value in state.items()
    }
    return module.load_state_dict(kept, strict=False, assign=True)
