"""Transf: its table of positions, which has 77 rows whatever T is."""

import copy

import pytest
import torch
from mmaction.registry import MODELS

from actionclip_mm.models.necks import TransfPrompt


def test_the_table_keeps_its_rows():
    neck = TransfPrompt(64, num_layers=1)
    assert neck.frame_position_embeddings.weight.shape == (77, 64)
    assert neck(torch.randn(1, 77, 64))[0].shape == (1, 64)
    with pytest.raises(ValueError, match='num_positions=77 is less than the 78 frames'):
        neck(torch.randn(1, 78, 64))


def test_without_positions_it_ignores_the_order_of_frames():
    neck, x = TransfPrompt(64, num_layers=2).eval(), torch.randn(2, 5, 64)
    neck.frame_position_embeddings.weight.data.zero_()
    torch.testing.assert_close(neck(x)[0], neck(x.flip(1))[0])


def test_heads_are_64_wide():
    assert TransfPrompt(128, num_layers=1).transformer.resblocks[0].attn.num_heads == 2
    with pytest.raises(ValueError, match='num_heads must divide neck.in_channels=64, got 3'):
        TransfPrompt(64, num_heads=3)


def test_heads_follow_the_text_tower(model_cfg):
    """As in the released code, which builds blocks of the embedding's width with them."""

    def heads(width, **neck):
        arch = copy.deepcopy(model_cfg['backbone']['arch'])
        arch['embed_dim'] = 192
        arch['text_cfg'].update(width=width, heads=2)
        cfg = copy.deepcopy(model_cfg)
        cfg['backbone']['arch'] = cfg['cls_head']['label_encoder']['arch'] = arch
        cfg['neck'].update(in_channels=192, **neck)
        cfg['cls_head']['in_channels'] = 192
        model = MODELS.build(cfg)
        attn = model.neck.transformer.resblocks[0].attn
        assert attn.head_dim * attn.num_heads == 192
        return attn.num_heads

    assert heads(192) == 3
    assert heads(128) == 2  # the embedding alone suggests 3
    assert heads(128, num_heads=6) == 6  # the config decides
    assert heads(32) == 1
    assert heads(320) == 3  # 5 heads do not divide 192 channels: D // 64


def test_changed_heads_compute_what_they_say():
    x = torch.randn(2, 5, 128)
    changed, built = TransfPrompt(128, num_layers=2), TransfPrompt(128, num_layers=2, num_heads=4)
    built.load_state_dict(changed.state_dict())
    assert not torch.allclose(changed(x)[0], built(x)[0])
    changed.set_text_width(256)
    assert torch.equal(changed(x)[0], built(x)[0])


@pytest.mark.parametrize('key', ['num_layers', 'num_positions', 'num_heads'])
def test_numbers_that_make_no_sense(key):
    with pytest.raises(ValueError, match=f'neck.{key} must be a positive integer, got 0'):
        TransfPrompt(64, **{key: 0})
