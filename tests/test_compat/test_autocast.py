"""Attention with a mask under autocast of the CPU."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from actionclip_mm.compat import autocast
from actionclip_mm.compat.replace import is_ours

CAUSAL = torch.full((4, 4), float('-inf')).triu(1)


@pytest.fixture
def torch_2_1(monkeypatch: pytest.MonkeyPatch) -> Callable:
    """Attention that takes no mask of another type, whatever autocast says."""
    attend = functional.scaled_dot_product_attention

    def strict(
        query: Tensor, key: Tensor, value: Tensor, attn_mask: Tensor | None = None, *args: object
    ) -> Tensor:
        if attn_mask is not None and attn_mask.dtype not in (torch.bool, query.dtype):
            raise RuntimeError('Expected attn_mask dtype to be bool or to match query dtype')
        return attend(query, key, value, attn_mask, *args)

    monkeypatch.setattr(functional, 'scaled_dot_product_attention', strict)
    return strict


def test_masks_follow_the_query(torch_2_1: Callable) -> None:
    attention, x = nn.MultiheadAttention(8, 2), torch.randn(4, 3, 8)
    # where weights are asked for, torch does not take this way
    plain = attention(x, x, x, attn_mask=CAUSAL, need_weights=False)[0]
    with torch.autocast('cpu', dtype=torch.bfloat16):
        with pytest.raises(RuntimeError, match='match query dtype'):
            attention(x, x, x, attn_mask=CAUSAL, need_weights=False)
        autocast.masks_under_autocast()
        rounded = attention(x, x, x, attn_mask=CAUSAL, need_weights=False)[0]
    assert rounded.dtype == torch.bfloat16
    torch.testing.assert_close(rounded.float(), plain, rtol=0.05, atol=0.02)
    again = attention(x, x, x, attn_mask=CAUSAL, need_weights=False)[0]
    assert torch.equal(again, plain), 'without autocast nothing changes'


def test_masks_of_yes_and_no_stay(torch_2_1: Callable) -> None:
    autocast.masks_under_autocast()
    mended = functional.scaled_dot_product_attention
    assert mended is not torch_2_1
    x = torch.randn(1, 2, 4, 8)
    expected = torch_2_1(x, x, x, CAUSAL == 0)
    assert torch.equal(mended(x, x, x, CAUSAL == 0), expected)
    assert torch.equal(mended(x, x, x, attn_mask=CAUSAL), expected)
    assert torch.equal(mended(x, x, x), torch_2_1(x, x, x))
    autocast.masks_under_autocast()
    assert functional.scaled_dot_product_attention is mended


def test_newer_versions_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def attend(*args: Tensor, attn_mask: Tensor) -> Tensor:
        return args[0]

    monkeypatch.setattr(functional, 'scaled_dot_product_attention', attend)
    autocast.masks_under_autocast()
    assert functional.scaled_dot_product_attention is attend


def test_this_version_takes_masks() -> None:
    old = tuple(map(int, torch.__version__.split('.')[:2])) < (2, 2)
    assert autocast._takes_masks(functional.scaled_dot_product_attention)
    assert is_ours(functional.scaled_dot_product_attention) is old
