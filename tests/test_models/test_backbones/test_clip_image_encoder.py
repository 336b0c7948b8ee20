"""The image tower over frames: equal to frame by frame, and clear about wrong inputs."""

import pytest
import torch
from mmaction.registry import MODELS


@pytest.fixture
def encoder(tiny_arch):
    return MODELS.build(dict(type='CLIPImageEncoder', arch=tiny_arch)).eval()


def test_a_video_is_its_frames(encoder):
    video = torch.randn(2, 3, 5, 32, 32)
    features = encoder(video)
    assert features.shape == (2, 5, 32) and encoder.out_channels == 32
    for t in range(5):
        torch.testing.assert_close(features[:, t], encoder.visual(video[:, :, t]))


def test_resnet_tower():
    arch = dict(
        embed_dim=32,
        vision_cfg=dict(image_size=32, layers=[1, 1, 1, 1], width=8),
        text_cfg=dict(context_length=77, vocab_size=64, width=32, heads=2, layers=1),
    )
    encoder = MODELS.build(dict(type='CLIPImageEncoder', arch=arch))
    assert encoder(torch.randn(1, 3, 2, 32, 32)).shape == (1, 2, 32)


@pytest.mark.parametrize(
    'shape, words',
    [
        ((2, 5, 3, 32, 32), "takes .B, 3, T, H, W., got .*: set FormatShape .* 'NCTHW'"),
        ((2, 3, 32, 32), 'takes .B, 3, T, H, W.'),
        ((2, 3, 5, 48, 64), 'takes frames of 32 x 32 pixels, got 48 x 64'),
    ],
)
def test_wrong_inputs(encoder, shape, words):
    with pytest.raises(ValueError, match=words):
        encoder(torch.randn(shape))


def test_init_weights_leaves_loaded_weights(encoder):
    before = {key: value.clone() for key, value in encoder.state_dict().items()}
    encoder.init_weights()
    assert all(torch.equal(before[key], value) for key, value in encoder.state_dict().items())
