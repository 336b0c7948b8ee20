"""Transf_cls: a class token with a table of T+1 positions."""

import pytest
import torch

from actionclip_mm.models.necks import TransfClsPrompt


def build(num_frames):
    return TransfClsPrompt(16, num_frames=num_frames, num_layers=1).eval()


def test_without_positions_it_ignores_the_order_of_frames():
    neck, x = build(5), torch.randn(2, 5, 16)
    neck.transformer.pos_embed.data.zero_()
    torch.testing.assert_close(neck(x)[0], neck(x.flip(1))[0])


def test_layers_do_not_start_as_copies():
    first, second = TransfClsPrompt(16, num_layers=2).transformer.transformer_enc.layers
    assert not torch.equal(first.linear1.weight, second.linear1.weight)
    assert not torch.equal(first.self_attn.in_proj_weight, second.self_attn.in_proj_weight)


@pytest.mark.parametrize('num_old, num_new', [(4, 8), (8, 4), (1, 3), (3, 1), (8, 16)])
def test_checkpoint_of_another_length_is_interpolated(num_old, num_new, monkeypatch):
    lines = []
    monkeypatch.setattr(
        'actionclip_mm.models.load_hooks.print_log', lambda line, *_: lines.append(line)
    )
    old, new = build(num_old), build(num_new)
    times = (torch.arange(num_old) + 0.5) / num_old  # the middles of T equal parts
    old.transformer.pos_embed.data[0, 1:] = times[:, None]
    old.transformer.pos_embed.data[0, 0] = -1
    new.load_state_dict(old.state_dict(), strict=True)
    table = new.transformer.pos_embed.detach()[0]
    assert table[0].eq(-1).all()  # the class token's row is kept
    expected = ((torch.arange(num_new) + 0.5) / num_new).clamp(times[0], times[-1])
    torch.testing.assert_close(table[1:], expected[:, None].expand(num_new, 16))
    assert lines == [
        f'transformer.pos_embed of the checkpoint was interpolated from {num_old} to {num_new} '
        'frames.'
    ]


def test_a_table_of_another_width_is_refused():
    state = build(4).state_dict()
    state['transformer.pos_embed'] = torch.zeros(1, 9, 24)
    with pytest.raises(RuntimeError, match='size mismatch for transformer.pos_embed'):
        build(4).load_state_dict(state)


def test_bad_configs():
    with pytest.raises(ValueError, match='num_heads must divide neck.in_channels=20, got 8'):
        TransfClsPrompt(20)
    with pytest.raises(ValueError, match='num_heads must be a positive integer, got 0'):
        TransfClsPrompt(16, num_heads=0)
    with pytest.raises(ValueError, match='num_frames must be a positive integer, got 0'):
        build(0)
    with pytest.raises(
        ValueError, match='neck.num_frames must be the frames per video.*got 8 for 5'
    ):
        build(8)(torch.randn(1, 5, 16))
