"""Shift: which channels move where, and what does not move."""

import pytest
import torch
from mmaction.registry import MODELS

from actionclip_mm.models.backbones.visual_prompt_shift import shift_frames


@pytest.fixture
def build(tiny_arch):
    def build(**prompt):
        prompt = dict(type='ShiftPrompt', **prompt) if prompt else None
        return MODELS.build(
            dict(type='CLIPImageEncoder', arch=tiny_arch, visual_prompt=prompt)
        ).eval()

    return build


def test_against_a_written_loop():
    tokens, fold = torch.randn(2, 5, 4, 16), 2
    expected = tokens.clone()
    for b in range(2):
        for t in range(5):
            for patch in range(1, 4):  # 0 is the class token
                later = tokens[b, t + 1, patch, :fold] if t < 4 else 0
                earlier = tokens[b, t - 1, patch, fold : 2 * fold] if t > 0 else 0
                expected[b, t, patch, :fold] = later
                expected[b, t, patch, fold : 2 * fold] = earlier
    assert torch.equal(shift_frames(tokens, fold), expected)


@pytest.mark.parametrize('num_frames', [1, 2, 3, 8, 64])
def test_any_number_of_frames(build, num_frames):
    video = torch.randn(2, 3, num_frames, 32, 32)
    assert build(shift_div=8)(video).shape == (2, num_frames, 32)


def test_a_single_frame_takes_the_plain_path(build):
    plain, shift = build(), build(shift_div=8)
    shift.load_state_dict(plain.state_dict())
    image = torch.randn(3, 3, 1, 32, 32)
    assert torch.equal(shift(image), plain(image))


def test_the_length_may_change_between_batches(build):
    shift, video = build(shift_div=8), torch.randn(2, 3, 6, 32, 32)
    expected = shift(video)
    shift(torch.randn(1, 3, 4, 32, 32))
    torch.testing.assert_close(shift(video), expected)


def test_a_block_hands_information_one_frame_on(build):
    """Two blocks: what frame 0 holds reaches frames 1 and 2, no further."""
    shift, video = build(shift_div=8), torch.randn(1, 3, 6, 32, 32)
    changed = video.clone()
    changed[:, :, 0] += 1
    moved = (shift(changed) - shift(video)).abs().amax(dim=-1)[0]  # [T]
    assert (moved[:3] > 1e-6).all() and (moved[3:] == 0).all()


def test_bad_configs(build, tiny_arch):
    with pytest.raises(ValueError, match='shift_div must be an integer in .2, 64., got 1'):
        build(shift_div=1)
    tiny_arch['vision_cfg']['patch_dropout'] = 0.5
    with pytest.raises(ValueError, match='set patch_dropout=0'):
        build(shift_div=8)
