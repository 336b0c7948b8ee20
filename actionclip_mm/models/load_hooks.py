"""Hooks that adapt a checkpoint before a module loads it: position tables, unused tensors."""

from collections.abc import Callable
from functools import partial

import torch
import torch.nn.functional as F
from mmengine.logging import print_log
from torch import Tensor, nn


def resize_table_on_load(module: nn.Module, name: str, class_rows: int = 0) -> None:
    """Interpolate the position table of a checkpoint to the rows of the module's own.

    Args:
        module: Owner of the table.
        name: Name of the table, a parameter [..., class_rows + T, D].
        class_rows: Leading rows that are not of frames, which are kept.
    """
    before_loading(module, partial(_resize_table, name=name, class_rows=class_rows))


def drop_on_load(module: nn.Module, name: str) -> None:
    """Drop an unused tensor of that name from a checkpoint; released files carry one."""
    before_loading(module, partial(_drop, name=name))


def resize_rows(table: Tensor, num_rows: int) -> Tensor:
    """Linear interpolation of a position table along time: [..., T, D] -> [..., num_rows, D].

    Frame i of T is the centre of the i-th of T segments of a video, so rows are aligned by the
    centres of segments (``align_corners=False``).
    """
    rows = table.reshape(1, -1, table.shape[-1]).transpose(1, 2)  # [1, D, T]
    resized = F.interpolate(rows.float(), size=num_rows, mode='linear')  # [1, D, num_rows]
    return resized.transpose(1, 2).reshape(*table.shape[:-2], num_rows, -1).to(table.dtype)


def before_loading(module: nn.Module, hook: Callable) -> None:
    """Call ``hook(module, state_dict, prefix, …)`` before the module loads a checkpoint."""
    # public under another name from torch 2.5 on
    module._register_load_state_dict_pre_hook(hook, with_module=True)  # noqa: SLF001


def _resize_table(
    module: nn.Module,
    state_dict: dict[str, Tensor],
    prefix: str,
    *_: object,
    name: str,
    class_rows: int,
) -> None:
    table, own = state_dict.get(prefix + name), module.get_parameter(name)
    if table is None or table.dim() != own.dim() or table.shape[-2] == own.shape[-2]:
        return
    num_old, num_new = table.shape[-2] - class_rows, own.shape[-2] - class_rows
    if num_old < 1:
        return  # nothing to interpolate: loading reports the shape
    kept, frames = table.split([class_rows, num_old], dim=-2)
    state_dict[prefix + name] = torch.cat([kept, resize_rows(frames, num_new)], dim=-2)
    print_log(
        f'{prefix}{name} of the checkpoint was interpolated from {num_old} to {num_new} frames.',
        'current',
    )


def _drop(
    module: nn.Module, state_dict: dict[str, Tensor], prefix: str, *_: object, name: str
) -> None:
    if state_dict.pop(prefix + name, None) is not None:
        print_log(
            f'{prefix}{name} of the checkpoint was dropped: {type(module).__name__} does not '
            'use it.',
            'current',
        )
