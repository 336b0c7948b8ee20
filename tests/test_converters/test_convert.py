"""Layouts are found out, and every name is accounted for."""

import pytest
import torch

from actionclip_mm.converters import Hints, convert, detect_source, huggingface, open_clip


@pytest.fixture
def state(clip):
    return dict(clip.state_dict())


def test_the_shared_layout_needs_a_word(state):
    with pytest.raises(ValueError, match='--source openai or open_clip'):
        detect_source(state)
    assert detect_source(state, quick_gelu=True) == 'open_clip'


def test_unknown_layouts(state):
    with pytest.raises(ValueError, match='begins with a, b'):
        detect_source(dict(a=torch.ones(1), b=torch.ones(1)))
    with pytest.raises(ValueError, match="--source 'nowhere'"):
        convert(state, 'nowhere')


def test_left_over_names(state):
    extra = state | {'momentum_encoder.weight': torch.ones(3), 'visual.head.weight': torch.ones(3)}
    with pytest.raises(ValueError, match='without a place: momentum_encoder.weight') as error:
        convert(extra, 'openai')
    assert 'visual.head.weight (3,)' in str(error.value) and '--allow-partial' in str(error.value)
    converted = convert(extra, 'openai', allow_partial=True)
    assert len(converted.left_out) == 2 and not converted.missing
    assert converted.state.keys() == convert(state, 'openai').state.keys()


def test_missing_names(state):
    del state['visual.ln_post.bias'], state['logit_scale']
    with pytest.raises(ValueError, match='missing weights: .*logit_scale') as error:
        convert(state, 'openai')
    assert 'backbone.visual.ln_post.bias' in str(error.value)
    converted = convert(state, 'openai', allow_partial=True)
    assert len(converted.missing) == 2 and not converted.left_out


def test_wrong_shapes(state):
    state['visual.ln_post.bias'] = torch.ones(7)
    with pytest.raises(ValueError, match=r'without a place: backbone.visual.ln_post.bias \(7,\)'):
        convert(state, 'openai')


def test_half_a_neck(state):
    fusion = {'transformer.resblocks.0.ln_1.weight': torch.ones(64)}
    with pytest.raises(ValueError, match='without a place: neck.transformer'):
        convert(dict(model_state_dict=state, fusion_model_state_dict=fusion))


def test_a_file_without_a_tower(state):
    visual = {name: value for name, value in state.items() if name.startswith('visual.')}
    with pytest.raises(ValueError, match='no weights for cls_head.label_encoder.text'):
        convert(visual, 'openai')


def test_an_incomplete_attention_of_huggingface(state):
    name = 'text_model.encoder.layers.0.self_attn'
    mapped = huggingface.to_recognizer({f'{name}.q_proj.weight': torch.ones(2, 2)})
    assert mapped.unknown == [f'{name}.q_proj.weight']


def test_logit_bias_is_unused(state):
    converted = convert(state | {'logit_bias': torch.ones(())}, 'open_clip')
    assert converted.unused == ['logit_bias']


def test_hints_of_huggingface():
    tower = dict(hidden_act='gelu', num_attention_heads=4)
    hints = huggingface.hints_of_config(dict(text_config=tower, vision_config=tower))
    assert (hints.quick_gelu, hints.vision_heads, hints.text_heads) == (False, 4, 4)
    assert huggingface.hints_of_config({}).quick_gelu is None
    other = dict(tower, hidden_act='quick_gelu')
    with pytest.raises(ValueError, match='different activations'):
        huggingface.hints_of_config(dict(text_config=tower, vision_config=other))
    with pytest.raises(ValueError, match='needs objects as text_config'):
        huggingface.hints_of_config(dict(text_config=[tower]))


def test_hints_of_open_clip(arch):
    pixels = dict(mean=[0.5, 0.5, 0.5], std=[0.2, 0.2, 0.2])
    hints = open_clip.hints_of_config(dict(model_cfg=arch, preprocess_cfg=pixels))
    assert hints.arch == arch and hints.quick_gelu is True
    assert hints.mean == (127.5,) * 3 and hints.std == pytest.approx((51.0,) * 3)
    for broken in ({}, dict(embed_dim='x'), [1], None):
        with pytest.raises(ValueError, match='no model_cfg'):
            open_clip.hints_of_config(dict(model_cfg=broken))
    for broken in (dict(mean='abc'), dict(std=[1, 2]), dict(mean=[1, 2, float('nan')]), [1]):
        with pytest.raises(ValueError, match='three numbers as preprocess_cfg.'):
            open_clip.hints_of_config(dict(model_cfg=arch, preprocess_cfg=broken))


def test_heads_of_the_hints_are_taken(state):
    converted = convert(state, 'openai', Hints(vision_heads=4, text_heads=1))
    assert converted.arch['vision_cfg']['head_width'] == 32
    assert converted.arch['text_cfg']['heads'] == 1


def test_assumed_heads_are_said(state):
    assert not convert(state, 'openai').notes
    (note,) = convert(state, 'open_clip', Hints(quick_gelu=True)).notes
    assert 'number of heads' in note and '--arch' in note
    heads = Hints(quick_gelu=True, vision_heads=2, text_heads=2)
    assert not convert(state, 'open_clip', heads).notes


def test_an_arch_that_does_not_exist(state):
    with pytest.raises(ValueError, match="no model 'ViT-B-17'"):
        convert(state, 'openai', Hints(arch='ViT-B-17'))
