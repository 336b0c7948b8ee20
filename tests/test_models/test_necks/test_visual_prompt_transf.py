"""Transf: its table of positions, which has 77 rows whatever T is."""

import pytest
import torch

from actionclip_mm.models.necks import TransfPrompt


def test_the_table_keeps_its_rows():
    neck = TransfPrompt(64, num_layers=1)
    assert neck.frame_position_embeddings.weight.shape == (77, 64)
    assert neck(torch.randn(1, 77, 64))[0].shape == (1, 64)
    with pytest.raises(ValueError, match='78 frames came but neck.num_positions=77: raise it'):
        neck(torch.randn(1, 78, 64))


def test_without_positions_it_ignores_the_order_of_frames():
    neck, x = TransfPrompt(64, num_layers=2).eval(), torch.randn(2, 5, 64)
    neck.frame_position_embeddings.weight.data.zero_()
    torch.testing.assert_close(neck(x)[0], neck(x.flip(1))[0])


def test_heads_are_64_wide():
    assert TransfPrompt(128, num_layers=1).transformer.resblocks[0].attn.num_heads == 2
    with pytest.raises(ValueError, match='num_heads=3 does not divide neck.in_channels=64'):
        TransfPrompt(64, num_heads=3)


@pytest.mark.parametrize('key', ['num_layers', 'num_positions', 'num_heads'])
def test_numbers_that_make_no_sense(key):
    with pytest.raises(ValueError, match=f'neck.{key}=0 is not a positive whole number'):
        TransfPrompt(64, **{key: 0})
