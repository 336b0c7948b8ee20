"""Towers compiled by ``torch.compile`` for batches of fixed shapes."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class CompiledTower:
    """A tower compiled for fixed shapes, next to the module that holds its weights.

    It is not a module, so that keys of state dicts stay as they are. Without gradients, a batch
    that is smaller than one before (the last one of a test) is padded with zeros to that size
    instead of being compiled for: training and testing take one compilation each.

    Args:
        tower: Image or text tower.
        options: True, or options of ``torch.compile`` such as ``dict(mode='max-autotune')``.
        key: Name of the config key, for messages.
        pads: Whether rows are independent, so that a batch may be padded. Defaults to True.

    Raises:
        TypeError: ``options`` is neither True nor a dict.
    """

    def __init__(
        self, tower: nn.Module, options: bool | dict[str, Any], key: str, pads: bool = True
    ) -> None:
        if options is not True and not isinstance(options, dict):
            raise TypeError(
                f'{key} must be True, False or a dict of options of torch.compile, got {options!r}.'
            )
        settings = {} if options is True else options
        self._call = torch.compile(tower, **{'dynamic': False, **settings})
        self._pads = pads
        self._largest = 0

    def __call__(self, rows: Tensor) -> Tensor:
        """Encode a batch, [B, …] to [B, D]."""
        number = len(rows)
        if torch.is_grad_enabled() or not self._pads:
            return self._call(rows)
        self._largest = max(self._largest, number)
        if number < self._largest:
            rows = F.pad(rows, (0, 0) * (rows.dim() - 1) + (0, self._largest - number))
        return self._call(rows)[:number]


def compiled(
    tower: nn.Module, options: bool | dict[str, Any], key: str, pads: bool = True
) -> CompiledTower | None:
    """The compiled tower, or None if ``options`` is False; see :class:`CompiledTower`."""
    return None if options is False else CompiledTower(tower, options, key, pads)
