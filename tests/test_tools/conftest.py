"""What tests of tools share: a CLIP of one layer, its file, and two comparisons."""

import open_clip
import pytest
import torch


@pytest.fixture
def one_layer_arch():
    """An open_clip model config whose heads, one of width 64, other layouts can tell too."""
    return dict(
        embed_dim=32,
        quick_gelu=True,
        vision_cfg=dict(image_size=32, patch_size=16, width=64, layers=1, head_width=64),
        text_cfg=dict(context_length=77, vocab_size=49408, width=64, heads=1, layers=1),
    )


@pytest.fixture
def tool(load_tool):
    """Function: the main of a tool in tools/convert."""
    return lambda name: load_tool(f'tools/convert/{name}.py').main


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


@pytest.fixture
def refused():
    """Function: a tool's main ends with one sentence."""

    def check(main, args, words):
        with pytest.raises(SystemExit, match=words) as error:
            main([str(arg) for arg in args])
        assert '\n' not in str(error.value)

    return check
