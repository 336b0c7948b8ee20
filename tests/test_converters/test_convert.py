"""Layouts are found out, and every name is accounted for."""

from importlib import import_module

import pytest
import torch
from mmaction.registry import MODELS

from actionclip_mm.converters import (
    SOURCES,
    Hints,
    convert,
    detect_source,
    huggingface,
    open_clip,
)
from actionclip_mm.converters.huggingface_config import hints_of_config
from actionclip_mm.converters.mapped import Mapped

convert_module = import_module('actionclip_mm.converters.convert')


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
    content = dict(model_state_dict=state, fusion_model_state_dict=fusion)
    for allow_partial in (False, True):
        with pytest.raises(ValueError, match='without a place: neck.transformer') as error:
            convert(content, allow_partial=allow_partial)
        assert '--drop-visual-prompt' in str(error.value)
    converted = convert(content, drop_visual_prompt=True)
    assert converted.dropped == ['neck.transformer.resblocks.0.ln_1.weight']
    assert converted.prompt.neck['type'] == 'MeanPPrompt' and not converted.left_out


def test_a_visual_prompt_is_dropped_only_by_its_name(state):
    """Nor through the layout of a plain CLIP, nor where its names are new."""
    neck = MODELS.build(dict(type='TransfPrompt', in_channels=64, num_layers=1))
    released = dict(model_state_dict=state, fusion_model_state_dict=dict(neck.state_dict()))
    renamed = {f'clip.{name}': value for name, value in state.items()}
    renamed |= {f'adapter.new.{name}': value for name, value in neck.state_dict().items()}
    joint = dict(state, **{'visual.time_embedding': torch.ones(128)})  # of a wrong shape
    joint = dict(model_state_dict=joint, fusion_model_state_dict={})
    heads = Hints(vision_heads=2, text_heads=2)
    for content, source in (
        (released, 'openai'),
        (released, 'open_clip'),
        (renamed, 'mmaction2'),
        (dict(state_dict=renamed), 'auto'),
        (dict(state, **{'temporal_fusion.weight': torch.ones(2, 2)}), 'openai'),
        (joint, 'actionclip'),
    ):
        for allow_partial in (False, True):
            with pytest.raises(ValueError, match=r'visual prompt .* --drop-visual-prompt'):
                convert(content, source, heads, allow_partial=allow_partial)
        converted = convert(content, source, heads, drop_visual_prompt=True)
        assert converted.dropped and not converted.missing
        assert not any(name.startswith('neck.') for name in converted.state)


def test_part_of_a_visual_prompt_may_be_left_out(state):
    neck = MODELS.build(dict(type='TransfPrompt', in_channels=64, num_layers=1, num_heads=2))
    fusion = dict(neck.state_dict(), extra=torch.ones(3))
    del fusion['transformer.resblocks.0.ln_2.bias']
    content = dict(model_state_dict=state, fusion_model_state_dict=fusion)
    with pytest.raises(ValueError, match=r'place: neck.extra \(3,\); missing weights: neck.transf'):
        convert(content)
    converted = convert(content, allow_partial=True)
    assert (len(converted.left_out), len(converted.missing)) == (1, 1)


def test_no_visual_prompt_to_drop(state):
    with pytest.raises(ValueError, match='no visual prompt to drop'):
        convert(state, 'openai', drop_visual_prompt=True)


def test_a_file_of_which_nothing_fits_is_refused(arch, state):
    foreign = {f'encoder.{name}': value for name, value in state.items()}
    for content, tower in (
        (foreign, 'image'),
        ({name: value for name, value in state.items() if 'visual' not in name}, 'image'),
        ({name: value for name, value in state.items() if 'visual' in name}, 'text'),
    ):
        with pytest.raises(ValueError, match=f'No weight of the file fits the {tower} tower'):
            convert(content, 'openai', Hints(arch=arch), allow_partial=True)


def test_heads_of_the_visual_prompt(state):
    neck = MODELS.build(dict(type='TransfPrompt', in_channels=64, num_layers=1))
    content = dict(model_state_dict=state, fusion_model_state_dict=dict(neck.state_dict()))
    assert convert(content).prompt.neck['num_heads'] == 2  # text width 128 // 64
    assert convert(content, hints=Hints(neck_heads=4)).prompt.neck['num_heads'] == 4
    with pytest.raises(ValueError, match='3 attention heads of TransfPrompt do not divide its 64'):
        convert(content, hints=Hints(neck_heads=3))
    with pytest.raises(ValueError, match='does not fit MeanPPrompt'):
        convert(state, 'openai', Hints(neck_heads=2))


def test_a_file_without_a_tower(state):
    visual = {name: value for name, value in state.items() if name.startswith('visual.')}
    with pytest.raises(ValueError, match='no weights for cls_head.label_encoder.text'):
        convert(visual, 'openai')


def test_an_incomplete_attention_of_huggingface(state):
    name = 'text_model.encoder.layers.0.self_attn'
    mapped = huggingface.to_recognizer({f'{name}.q_proj.weight': torch.ones(2, 2)})
    assert mapped.unknown == [f'{name}.q_proj.weight']


def test_logit_bias_goes_into_the_config(state):
    heads = Hints(quick_gelu=True, vision_heads=2, text_heads=2)
    converted = convert(state | {'logit_bias': torch.full((), -3.5)}, 'open_clip', heads)
    assert converted.arch['init_logit_bias'] == -3.5 and not converted.unused
    assert 'init_logit_bias' not in convert(state, 'open_clip', heads).arch
    without = Hints(arch=dict(converted.arch))  # open_clip fills in 0 where weights have none
    assert convert(state, 'open_clip', without).arch['init_logit_bias'] == 0


def test_hints_of_huggingface():
    tower = dict(hidden_act='gelu', num_attention_heads=4)
    hints = hints_of_config(dict(text_config=tower, vision_config=tower))
    assert (hints.quick_gelu, hints.vision_heads, hints.text_heads) == (False, 4, 4)
    defaults = hints_of_config({})  # those of CLIPConfig
    assert (defaults.quick_gelu, defaults.vision_heads, defaults.text_heads) == (True, 12, 8)
    assert defaults.vision == defaults.text == {}
    old = hints_of_config(dict(text_config=tower, text_config_dict=dict(num_attention_heads=2),
                               vision_config=tower))  # fmt: skip
    assert old.text_heads == 2
    other = dict(tower, hidden_act='quick_gelu')
    with pytest.raises(ValueError, match='QuickGELU in both towers or in none'):
        hints_of_config(dict(text_config=tower, vision_config=other))
    with pytest.raises(ValueError, match='needs an object as text_config'):
        hints_of_config(dict(text_config=[tower]))


def test_hints_of_open_clip(arch):
    pixels = dict(mean=[0.5, 0.5, 0.5], std=[0.2, 0.2, 0.2])
    hints = open_clip.hints_of_config(dict(model_cfg=arch, preprocess_cfg=pixels))
    assert hints.arch == arch and hints.quick_gelu is True
    assert hints.mean == (127.5,) * 3 and hints.std == pytest.approx((51.0,) * 3)
    for broken in ({}, dict(embed_dim='x'), [1], None):
        with pytest.raises(ValueError, match='no model_cfg with'):
            open_clip.hints_of_config(dict(model_cfg=broken))
    for broken in (dict(mean='abc'), dict(std=[1, 2]), dict(mean=[1, 2, float('nan')]), [1]):
        with pytest.raises(ValueError, match='three numbers as preprocess_cfg.'):
            open_clip.hints_of_config(dict(model_cfg=arch, preprocess_cfg=broken))


def test_heads_of_the_hints_are_taken(state):
    converted = convert(state, 'openai', Hints(vision_heads=4, text_heads=1))
    assert converted.arch['vision_cfg']['head_width'] == 32
    assert converted.arch['text_cfg']['heads'] == 1


def test_heads_are_not_assumed(state):
    assert not convert(state, 'openai').notes  # whose code has no other heads
    for known in (Hints(quick_gelu=True), Hints(quick_gelu=True, text_heads=2)):
        with pytest.raises(ValueError, match='give --vision-heads and --text-heads, or put '):
            convert(state, 'open_clip', known)
    with pytest.raises(ValueError, match='must divide its width 128, got 3'):
        convert(state, 'open_clip', Hints(quick_gelu=True, vision_heads=2, text_heads=3))


def test_an_arch_that_does_not_exist(state):
    with pytest.raises(ValueError, match="no model 'ViT-B-17'"):
        convert(state, 'openai', Hints(arch='ViT-B-17'))


@pytest.mark.parametrize('prefix', ['_orig_mod.', 'module._orig_mod.', 'model.'])
@pytest.mark.parametrize('source', SOURCES)
def test_prefixes_and_wrappers_of_every_layout(state, source, prefix):
    ours = convert(state, 'openai').state
    content = SOURCES[source].from_recognizer(ours)
    heads = Hints(quick_gelu=True, vision_heads=2, text_heads=2)
    if source == 'actionclip':
        content = {part: prefixed(weights, prefix) for part, weights in content.items()}
        contents = [content | dict(epoch=1)]
    else:
        weights = prefixed(content.get('state_dict', content), prefix)
        contents = [
            {key: weights, 'epoch': 1} for key in ('state_dict', 'model_state_dict', 'model')
        ]
    for content in contents:
        converted = convert(content, source, heads)
        assert converted.unused == ['epoch']
        assert all(torch.equal(converted.state[name], value) for name, value in ours.items())


def prefixed(state, prefix):
    return {prefix + name: value for name, value in state.items()}


def test_an_activation_that_contradicts_the_layout(state):
    for source, title in (('openai', "OpenAI's CLIP"), ('auto', 'released ActionCLIP')):
        content = state
        if source == 'auto':
            content = dict(model_state_dict=state, fusion_model_state_dict={})
        with pytest.raises(ValueError, match=f'{title} were trained with quick_gelu: omit --act'):
            convert(content, source, Hints(quick_gelu=False))
        assert convert(content, source, Hints(quick_gelu=True)).arch['quick_gelu'] is True


@pytest.mark.parametrize(
    ('name', 'given', 'activation'),
    [
        ('ViT-B-16', None, False),
        ('ViT-B-16-quickgelu', None, True),
        ('ViT-B-16', True, True),
        ('ViT-B-16-quickgelu', False, False),
    ],
)
def test_the_activation_of_a_named_model(name, given, activation):
    """An option is followed, or else what the name says; the towers' weights are not at hand."""
    notes = []
    hints = Hints(arch=name, quick_gelu=given)
    quick_gelu = convert_module._quick_gelu('open_clip', Mapped({}), hints, notes)
    assert (quick_gelu, notes) == (activation, [])
