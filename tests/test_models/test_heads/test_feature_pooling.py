"""Features of any backbone become one vector per view."""

import pytest
import torch

from actionclip_mm.models.heads.feature_pooling import pool_features


def test_pool_features():
    frames = torch.randn(6, 8, 2, 2)  # 2 videos of 3 frames
    expected = frames.view(2, 3, 8, 4).mean(dim=(1, 3))
    torch.testing.assert_close(pool_features(frames, num_segs=3), expected)
    volume = torch.randn(2, 8, 3, 2, 2)
    torch.testing.assert_close(pool_features(volume), volume.flatten(2).mean(dim=2))
    assert pool_features((volume, volume[:, :4])).shape == (2, 12)
    with pytest.raises(ValueError, match=r'takes \[B, D\].*got \(3,\)'):
        pool_features(torch.randn(3))


def test_pool_features_takes_the_token_of_a_map():
    # what MViT gives out: the stages, each a map and its class token
    stages = [[torch.randn(2, w, 3, 2, 2), torch.randn(2, w)] for w in (4, 8)]
    torch.testing.assert_close(pool_features(stages[1:]), stages[1][1])
    assert pool_features(stages).shape == (2, 12)
    # pathways of one width are no map with a token
    pathways = (torch.randn(2, 8, 3, 2, 2), torch.randn(2, 8, 6, 2, 2))
    assert pool_features(pathways).shape == (2, 16)


def test_pool_features_of_skeletons():
    persons = torch.randn(3, 2, 8, 4, 17)  # [B, M, D, T, J]
    expected = persons.permute(0, 2, 1, 3, 4).flatten(2).mean(dim=2)
    torch.testing.assert_close(pool_features(persons, width=8), expected)
    volume = torch.randn(3, 8, 8, 4, 17)  # channels first where both could be meant
    torch.testing.assert_close(pool_features(volume, width=8), volume.flatten(2).mean(dim=2))
