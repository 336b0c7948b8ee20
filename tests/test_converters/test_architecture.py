"""Architectures are read back from the shapes of their weights."""

import pytest
import torch

from actionclip_mm.converters.architecture import (
    assumes_heads,
    expected_shapes,
    model_config,
    read_arch,
)
from actionclip_mm.converters.mapped import Hints
from actionclip_mm.converters.renaming import TEXT, VISUAL

NAMES = ('ViT-B-32', 'ViT-B-16', 'ViT-L-14', 'ViT-L-14-336', 'RN50', 'RN50x4', 'ViT-H-14')


def shapes_only(arch):
    return {
        name: torch.empty(shape, device='meta')
        for name, shape in expected_shapes(arch, None, None).items()
    }


@pytest.mark.parametrize('name', NAMES)
def test_published_models(name):
    arch = read_arch(shapes_only(name), True, Hints())
    published = {k: v for k, v in model_config(name).items() if k != 'custom_text'}
    assert arch == {**published, 'quick_gelu': True}
    assert not assumes_heads(arch, Hints())


@pytest.mark.parametrize(
    'vision',
    [
        dict(image_size=32, patch_size=8, width=128, layers=3, head_width=64, mlp_ratio=3.0),
        dict(image_size=64, patch_size=None, width=16, layers=[1, 2, 1, 1]),
    ],
)
def test_models_that_nobody_publishes(vision):
    text = dict(context_length=40, vocab_size=100, width=64, heads=1, layers=2, mlp_ratio=2.0)
    arch = dict(embed_dim=48, quick_gelu=False, vision_cfg=vision, text_cfg=text)
    state = shapes_only(arch)
    assert read_arch(state, False, Hints()) == arch
    assert assumes_heads(arch, Hints())
    assert not assumes_heads(arch, Hints(vision_heads=2, text_heads=1))
    assert assumes_heads(arch, Hints(text_heads=1))
    assert not assumes_heads(arch, Hints(arch=arch))
    assert expected_shapes(read_arch(state, False, Hints()), None, None).keys() == state.keys()


def test_shapes_that_do_not_tell(arch):
    state = shapes_only(arch)
    del state[f'{TEXT}token_embedding.weight']
    with pytest.raises(ValueError, match='no weights for cls_head.label_encoder.text.token_emb'):
        read_arch(state, True, Hints())
    state[f'{VISUAL}positional_embedding'] = torch.empty(7, 128, device='meta')
    with pytest.raises(ValueError, match='6 patches, which are not a square'):
        read_arch(state, True, Hints())
    assert read_arch(state, False, Hints(arch='ViT-B-16')) == 'ViT-B-16'
    assert read_arch(state, True, Hints(arch='ViT-B-16'))['quick_gelu'] is True


def test_neck_and_prompt_are_expected(arch):
    neck = dict(type='Conv1DPrompt', in_channels=64)
    shapes = expected_shapes(arch, neck, dict(type='JointPrompt', num_frames=4))
    assert shapes['neck.shift.weight'] == (64, 1, 3)
    assert shapes['backbone.visual_prompt.time_embedding'] == (4, 128)
