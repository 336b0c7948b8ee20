"""Joint: one sequence per video, positions in time, checkpoints of other lengths."""

import pytest
import torch
from mmaction.registry import MODELS


@pytest.fixture
def build(tiny_arch):
    def build(num_frames=None):
        prompt = None if num_frames is None else dict(type='JointPrompt', num_frames=num_frames)
        return MODELS.build(
            dict(type='CLIPImageEncoder', arch=tiny_arch, visual_prompt=prompt)
        ).eval()

    return build


@pytest.mark.parametrize('num_frames', [1, 2, 3, 8, 16, 64])
def test_one_feature_per_video(build, num_frames):
    assert build(num_frames)(torch.randn(2, 3, num_frames, 32, 32)).shape == (2, 1, 32)


def test_a_single_frame_at_time_zero_takes_the_plain_path(build):
    plain, joint = build(), build(1)
    joint.load_state_dict(plain.state_dict(), strict=False)
    joint.visual_prompt.time_embedding.data.zero_()
    image = torch.randn(3, 3, 1, 32, 32)
    torch.testing.assert_close(joint(image), plain(image))
    gradients = []
    for encoder in (plain, joint):
        encoder(image).square().sum().backward()
        gradients.append(encoder.visual.conv1.weight.grad)
    torch.testing.assert_close(*gradients)


def test_without_positions_in_time_it_ignores_the_order_of_frames(build):
    joint, video = build(4), torch.randn(2, 3, 4, 32, 32)
    joint.visual_prompt.time_embedding.data.zero_()
    torch.testing.assert_close(joint(video.flip(2)), joint(video))


def test_checkpoint_of_another_length_is_interpolated(build):
    few, many = build(4), build(8)
    times = torch.arange(4.0)[:, None].expand(4, 64)
    few.visual_prompt.time_embedding.data.copy_(times)
    many.load_state_dict(few.state_dict())
    table = many.visual_prompt.time_embedding
    expected = torch.tensor([0, 0.25, 0.75, 1.25, 1.75, 2.25, 2.75, 3])
    torch.testing.assert_close(table.detach(), expected[:, None].expand(8, 64))
    same = build(4)
    same.load_state_dict(few.state_dict())
    assert torch.equal(same.visual_prompt.time_embedding, few.visual_prompt.time_embedding)


def test_interpolation_is_logged(build, monkeypatch):
    lines = []
    monkeypatch.setattr(
        'actionclip_mm.models.load_hooks.print_log', lambda line, *_: lines.append(line)
    )
    build(8).load_state_dict(build(4).state_dict())
    assert lines == [
        'visual_prompt.time_embedding of the checkpoint was interpolated from 4 to 8 frames.'
    ]


def test_bad_numbers_of_frames(build):
    with pytest.raises(ValueError, match='num_frames must be a positive integer, got 0'):
        build(0)
    with pytest.raises(ValueError, match=r'must be the frames per video.*got 8 for 3'):
        build(8)(torch.randn(1, 3, 3, 32, 32))
