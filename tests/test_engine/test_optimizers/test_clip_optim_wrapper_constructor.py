"""Groups of a built optimizer: rates, decay, no parameter missed or doubled."""

import pytest
import torch
from mmaction.registry import MODELS
from mmengine.optim import build_optim_wrapper

CUSTOM_KEYS = {'neck': dict(lr_mult=10.0), 'visual_prompt': dict(lr_mult=10.0)}


@pytest.fixture
def model(model_cfg):
    model_cfg['backbone']['visual_prompt'] = dict(type='JointPrompt')
    return MODELS.build(model_cfg)


def build(model, optimizer=None, **paramwise_cfg):
    cfg = dict(
        constructor='CLIPOptimWrapperConstructor',
        optimizer=optimizer or dict(type='AdamW', lr=5e-6, betas=(0.9, 0.98), weight_decay=0.2),
        paramwise_cfg=paramwise_cfg,
    )
    return build_optim_wrapper(model, cfg).optimizer


def settings(model, optimizer):
    """Name of each parameter -> (lr, weight decay)."""
    groups = {
        id(parameter): (group['lr'], group['weight_decay'])
        for group in optimizer.param_groups
        for parameter in group['params']
    }
    return {n: groups[id(p)] for n, p in model.named_parameters() if id(p) in groups}


def test_every_parameter_is_in_one_group(model):
    optimizer = build(model, custom_keys=CUSTOM_KEYS)
    members = [id(p) for group in optimizer.param_groups for p in group['params']]
    assert sorted(members) == sorted(id(p) for p in model.parameters())
    assert len(optimizer.param_groups) == 4  # two rates, with and without decay
    assert all(group['betas'] == (0.9, 0.98) for group in optimizer.param_groups)


def test_rates_and_decay(model):
    found = settings(model, build(model, custom_keys=CUSTOM_KEYS))
    for name, (lr, decay) in found.items():
        is_new = name.startswith(('neck.', 'backbone.visual_prompt.'))
        assert lr == pytest.approx(5e-5 if is_new else 5e-6), name
        is_flat = name.endswith('bias') or '.ln_' in name or 'logit_scale' in name
        is_flat = is_flat or name.endswith('class_embedding')
        assert decay == (0 if is_flat else pytest.approx(0.2)), name
    assert found['cls_head.logit_scale'] == (5e-6, 0)
    assert found['neck.transformer.resblocks.0.ln_1.weight'][1] == 0
    assert found['neck.transformer.resblocks.0.attn.in_proj_bias'][1] == 0


def test_the_released_recipe_lets_all_decay(model):
    found = settings(model, build(model, custom_keys=CUSTOM_KEYS, decay_all=True))
    assert {decay for _, decay in found.values()} == {0.2}


def test_the_longest_key_counts(model):
    keys = {'neck': dict(lr_mult=10.0), 'neck.frame_position': dict(lr_mult=2.0, decay_mult=0.5)}
    found = settings(model, build(model, custom_keys=keys))
    assert found['neck.frame_position_embeddings.weight'] == pytest.approx((1e-5, 0.1))
    assert found['neck.transformer.resblocks.0.mlp.c_fc.weight'] == pytest.approx((5e-5, 0.2))


def test_without_options(model):
    optimizer = build(model)
    assert [group['weight_decay'] for group in optimizer.param_groups].count(0) == 1
    assert len(settings(model, optimizer)) == len(list(model.parameters()))


def test_frozen_parameters_are_left_out(model):
    model.backbone.visual.requires_grad_(False)
    found = settings(model, build(model))
    assert not any(name.startswith('backbone.visual.') for name in found)
    assert 'backbone.visual_prompt.time_embedding' in found


def test_a_step(model):
    optimizer = build(model, custom_keys=CUSTOM_KEYS)
    before = model.cls_head.logit_scale.item()
    for parameter in model.parameters():
        parameter.grad = torch.ones_like(parameter)
    optimizer.step()
    assert model.cls_head.logit_scale.item() == pytest.approx(before - 5e-6, abs=5e-7)


def test_bad_configs(model):
    with pytest.raises(
        ValueError, match='paramwise_cfg has unknown keys norm_decay_mult: .* custom_keys and'
    ):
        build(model, norm_decay_mult=0.0)
    with pytest.raises(
        ValueError, match=r"custom_keys\['neck'\] has unknown keys lr: .* lr_mult and decay_m"
    ):
        build(model, custom_keys={'neck': dict(lr=1.0)})
    with pytest.raises(ValueError, match='optimizer needs weight_decay'):
        build(model, optimizer=dict(type='AdamW', lr=1e-3))
