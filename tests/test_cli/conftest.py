"""A one-layer CLIP and its file, and a comparison of features."""

import open_clip
import pytest
import torch


@pytest.fixture
def clip(one_layer_arch):
    return open_clip.CLIP(**one_layer_arch).eval()


@pytest.fixture
def clip_file(clip, tmp_path):
    """A state dict in OpenAI's layout."""
    torch.save(clip.state_dict(), tmp_path / 'clip.pt')
    return tmp_path / 'clip.pt'


@pytest.fixture
def assert_same_features():
    """Function: a recognizer and an open_clip model give the same features."""

    @torch.no_grad()
    def check(model, clip):
        images = torch.randn(4, 3, 32, 32)
        tokens = open_clip.SimpleTokenizer()(['a video of it', 'sit'])
        frames = model.backbone(images.unflatten(0, (2, 2)).transpose(1, 2)).flatten(0, 1)
        torch.testing.assert_close(frames, clip.encode_image(images), rtol=1e-5, atol=1e-5)
        text = model.cls_head.label_encoder.encode_tokens(tokens)
        torch.testing.assert_close(text, clip.encode_text(tokens), rtol=1e-5, atol=1e-5)

    return check
