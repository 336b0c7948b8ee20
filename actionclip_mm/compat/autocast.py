"""Autocast of the CPU in older versions of torch."""

import functools
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from .replace import is_ours, mark


def masks_under_autocast() -> None:
    """torch 2.1 brings queries to bfloat16 but not the mask that is added, and then refuses both.

    CLIP's text towers have such a mask, so none of them could compute in bfloat16 on a CPU.
    """
    attend = functional.scaled_dot_product_attention
    if not is_ours(attend) and not _takes_masks(attend):
        functional.scaled_dot_product_attention = mark(_with_mask_of_the_query(attend))


def _takes_masks(attend: Callable) -> bool:
    query, mask = torch.zeros(1, 1, 1, 1, dtype=torch.bfloat16), torch.zeros(1, 1)
    try:
        with torch.autocast('cpu', dtype=torch.bfloat16):
            attend(query, query, query, attn_mask=mask)
    except RuntimeError:
        return False
    return True


def _with_mask_of_the_query(attend: Callable) -> Callable:
    @functools.wraps(attend)
    def scaled_dot_product_attention(
        query: Tensor,
        key: Tensor,
        value: Tensor,
        attn_mask: Tensor | None = None,
        *args: Any,
        **kwargs: Any,
    ) -> Tensor:
        if attn_mask is not None and attn_mask.is_floating_point():
            attn_mask = attn_mask.to(query.dtype)
        return attend(query, key, value, attn_mask, *args, **kwargs)

    return scaled_dot_product_attention
