"""LoRA: the start, what learns, merging, and towers of several kinds."""

import copy
import math

import open_clip
import pytest
import torch
from mmaction.registry import MODELS
from mmaction.structures import ActionDataSample
from mmengine.config import Config

from actionclip_mm.clip import build_clip
from actionclip_mm.converters.export import export_open_clip
from actionclip_mm.models.lora import add_lora, merge_lora, merge_state_dict

TIMM = dict(
    embed_dim=32,
    vision_cfg=dict(timm_model_name='test_vit', image_size=160, timm_pool='token', timm_proj=''),
    text_cfg=dict(context_length=77, vocab_size=64, width=32, heads=2, layers=1),
)


@pytest.fixture(params=['visual', 'text', 'timm'])
def case(request, tiny_arch):
    """A frozen tower and its input."""
    clip = build_clip(TIMM if request.param == 'timm' else tiny_arch).requires_grad_(False)
    if request.param == 'text':
        return clip.text, torch.randint(1, 60, (3, 77))
    size = 160 if request.param == 'timm' else 32
    return clip.visual, torch.randn(3, 3, size, size)


def learned(tower):
    """The tower after its updates have left zero."""
    for name, parameter in tower.named_parameters():
        if 'lora_up' in name:
            torch.nn.init.normal_(parameter, std=0.1)
    return tower


def test_it_starts_as_the_tower_and_only_updates_learn(case):
    tower, x = case
    with torch.no_grad():
        expected = tower(x)
        add_lora(tower, 'lora', parts=['q', 'v', 'out', 'mlp'])
        assert torch.equal(tower(x), expected)
    learned(tower)(x).square().sum().backward()
    moved = {name for name, p in tower.named_parameters() if p.grad is not None and p.grad.any()}
    assert moved == {name for name, _ in tower.named_parameters() if 'lora_' in name}


def test_merged_weights_are_a_plain_tower(case):
    tower, x = case
    plain = copy.deepcopy(tower)
    add_lora(tower, 'lora', rank=3, parts=['k', 'v', 'out', 'mlp'], alpha=2.0)
    expected = learned(tower)(x)
    assert (expected - plain(x)).abs().max() > 1e-2
    plain.load_state_dict(merge_state_dict(tower.state_dict()))
    torch.testing.assert_close(plain(x), expected, rtol=0, atol=1e-5)
    merge_lora(tower)
    assert tower.state_dict().keys() == plain.state_dict().keys()
    torch.testing.assert_close(tower(x), expected, rtol=0, atol=1e-5)


def test_rows_and_scale_against_a_written_sum(tiny_arch):
    tower = build_clip(tiny_arch).visual.requires_grad_(False)
    attention = tower.transformer.resblocks[1].attn
    before = attention.in_proj_weight.clone()
    add_lora(tower, 'lora', rank=4, parts='qv', alpha=3.0)
    learned(tower)
    update = attention.parametrizations.in_proj_weight[0]
    expected = before.clone()
    for index, rows in enumerate([slice(0, 64), slice(128, 192)]):  # of width 64: q, v
        delta = update.lora_up[index] @ update.lora_down[index]
        expected[rows] += 3 / math.sqrt(4) * delta
    torch.testing.assert_close(attention.in_proj_weight, expected)


def test_the_number_of_weights_of_vit_b_16():
    with torch.device('meta'):
        tower = build_clip('ViT-B-16', only='text').visual
    tower.requires_grad_(False)
    add_lora(tower, 'lora', rank=8, parts='qv')
    assert sum(p.numel() for p in tower.parameters() if p.requires_grad) == 294_912


def test_a_copy_is_independent(case):
    tower, x = case
    add_lora(tower, 'lora')
    expected, copied = learned(tower)(x), copy.deepcopy(tower)
    for parameter in tower.parameters():
        parameter.data.zero_()
    torch.testing.assert_close(copied(x), expected)


def test_only_the_last_blocks(tiny_arch):
    tower = build_clip(tiny_arch).visual.requires_grad_(False)
    add_lora(tower, 'lora', last_blocks=1)
    names = [name for name, _ in tower.named_parameters() if 'lora_' in name]
    assert names and all('resblocks.1.' in name for name in names)


@pytest.mark.parametrize(
    'options, words',
    [
        (dict(rank=0), 'backbone.lora.rank must be a positive integer, got 0'),
        (dict(parts='qx'), "backbone.lora.parts.*'x'"),
        (dict(parts=()), 'backbone.lora.parts'),
        (dict(scaling='half'), "backbone.lora.scaling.*'half'"),
        (dict(last_blocks=3), r'backbone.lora.last_blocks must be an integer in .1, 2., got 3'),
    ],
)
def test_bad_values(tiny_arch, options, words):
    tower = build_clip(tiny_arch).visual.requires_grad_(False)
    with pytest.raises(ValueError, match=words):
        add_lora(tower, 'backbone.lora', **options)


def test_towers_that_learn_or_have_no_blocks(tiny_arch):
    with pytest.raises(ValueError, match="set frozen_stages='all'"):
        add_lora(build_clip(tiny_arch).visual, 'backbone.lora')
    vision = dict(image_size=32, layers=[1, 1, 1, 1], width=8)
    tower = build_clip(dict(tiny_arch, vision_cfg=vision)).visual.requires_grad_(False)
    with pytest.raises(ValueError, match='got ModifiedResNet: set backbone.lora=None'):
        add_lora(tower, 'backbone.lora')


def test_both_towers_of_a_recognizer_learn_by_lora_alone(model_cfg, tmp_path):
    lora = dict(rank=2, parts='qkv')
    model_cfg['backbone'].update(frozen_stages='all', lora=lora)
    model_cfg['cls_head']['label_encoder'].update(frozen_stages='all', lora=lora)
    model_cfg['neck'] = dict(type='MeanPPrompt', in_channels=32)
    model = MODELS.build(model_cfg)
    labels = [ActionDataSample().set_gt_label(index) for index in range(3)]
    model.loss(torch.randn(3, 1, 3, 4, 32, 32), labels)['loss_cls'].backward()
    moved = {name for name, p in model.named_parameters() if p.grad is not None and p.grad.any()}
    ups = {name for name, _ in model.named_parameters() if name.endswith('lora_up')}
    assert ups <= moved and all('lora_' in n or 'logit_scale' in n for n in moved)
    learned(model)
    twin = MODELS.build(model_cfg)
    twin.load_state_dict(model.state_dict())
    video = torch.randn(2, 1, 3, 4, 32, 32)
    expected = model.eval()(video, mode='tensor', stage='head')[0]
    torch.testing.assert_close(twin.eval()(video, mode='tensor', stage='head')[0], expected)
    config = Config(dict(model=model_cfg))
    export_open_clip(config, model, tmp_path / 'open_clip_model.safetensors', {})
    clip = open_clip.create_model(f'local-dir:{tmp_path}').eval()
    frames = video[:, 0].transpose(1, 2).flatten(0, 1)
    merged, own = clip.encode_image(frames), model.backbone.visual(frames)
    torch.testing.assert_close(merged, own, rtol=0, atol=1e-5)
