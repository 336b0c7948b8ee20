"""Count the operations of a block for which the host has to wait for the device."""

from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode

# number or truth of a tensor, and results whose shape depends on values
WAITING = {
    torch.ops.aten._local_scalar_dense.default,  # noqa: SLF001  item(), int(), float(), bool()
    torch.ops.aten.nonzero.default,
    torch.ops.aten.masked_select.default,
}


class HostWaits(TorchDispatchMode):
    """Count operations that would wait for a GPU; it runs on a CPU.

    Copies to the host are not seen on a CPU: ``torch.cuda.set_sync_debug_mode`` finds those.

    Attributes:
        count: Operations so far.
        names: Their names.
    """

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []

    @property
    def count(self) -> int:
        return len(self.names)

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple = (), kwargs: dict | None = None
    ) -> Any:
        if func in WAITING:
            self.names.append(str(func))
        return func(*args, **(kwargs or {}))
