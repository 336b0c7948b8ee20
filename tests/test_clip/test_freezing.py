"""Frozen towers and first blocks: what learns, what is remembered, what stays in eval mode."""

import pytest
import torch
from mmaction.registry import MODELS
from mmaction.structures import ActionDataSample
from torch import nn

from actionclip_mm.clip import build_clip, freeze_stages

LABELS = ['arm wrestling', 'brush hair', 'cleaning pool']
FIRST_BLOCK = {
    'ViT-B-16': 'transformer.resblocks.0.',
    'RN50': 'layer1.',
    'EVA02-B-16': 'trunk.blocks.0.',
    'convnext_base': 'trunk.stages.0.',
    'MobileCLIP-S1': 'trunk.stages.0.',
}


def cfg(arch, image=-1, text=-1, **kwargs):
    return dict(
        type='CLIPRecognizer',
        backbone=dict(type='CLIPImageEncoder', arch=arch, frozen_stages=image, **kwargs),
        neck=dict(type='TransfPrompt', in_channels=32, num_layers=1),
        cls_head=dict(
            type='VideoTextHead',
            in_channels=32,
            label_encoder=dict(
                type='TextPromptLabelEncoder', labels=LABELS, arch=arch, frozen_stages=text
            ),
        ),
    )


def train_step(model, draws=0):
    """One backward pass of three fixed videos; which templates are drawn depends on ``draws``."""
    torch.manual_seed(1)
    videos = torch.randn(3, 1, 3, 2, 32, 32)
    torch.manual_seed(draws)
    samples = [ActionDataSample().set_gt_label(i) for i in range(3)]
    loss = model(videos, samples, mode='loss')['loss_cls']
    loss.backward()
    return loss


@pytest.mark.parametrize('name', FIRST_BLOCK)
def test_first_stages_of_each_kind_of_tower(shrunken_models, name):
    def learning(frozen):
        tower = build_clip(name).visual
        modules = freeze_stages(tower, frozen, 'key')
        return tower, modules, {n for n, p in tower.named_parameters() if p.requires_grad}

    tower, _, everything = learning(-1)
    _, _, without_stem = learning(0)
    _, modules, without_block = learning(1)
    stem, block = everything - without_stem, without_stem - without_block
    assert block == {n for n in everything if n.startswith(FIRST_BLOCK[name])} and stem
    assert not any('resblocks' in n or 'stages' in n or '.blocks' in n for n in stem)
    # head and projection learn to the end
    assert without_block and not stem & {'proj', 'ln_post.weight', 'head.proj.weight'}
    assert all(not p.requires_grad for module in modules for p in module.parameters())
    assert learning('all')[2] == set()
    with pytest.raises(ValueError, match=r'key=99 but the tower has \d+ blocks: set -1'):
        freeze_stages(tower, 99, 'key')


def test_first_stages_of_the_text_tower(shrunken_models):
    tower = build_clip('ViT-B-16').text
    freeze_stages(tower, 1, 'key')
    frozen = {n for n, p in tower.named_parameters() if not p.requires_grad}
    first = {n for n, _ in tower.named_parameters() if n.startswith('transformer.resblocks.0.')}
    assert frozen == first | {'token_embedding.weight', 'positional_embedding'}


@pytest.mark.parametrize('wrong', [-2, 1.5, True, 'some', None])
def test_other_values_are_refused(tiny_arch, wrong):
    with pytest.raises(ValueError, match=r'backbone\.frozen_stages='):
        MODELS.build(dict(type='CLIPImageEncoder', arch=tiny_arch, frozen_stages=wrong))
    with pytest.raises(ValueError, match=r'label_encoder\.frozen_stages='):
        MODELS.build(
            dict(type='TextPromptLabelEncoder', labels=LABELS, arch=tiny_arch, frozen_stages=wrong)
        )


def test_blocks_of_an_unknown_tower():
    with pytest.raises(ValueError, match='blocks of a Linear are not known: set key to -1'):
        freeze_stages(nn.Linear(2, 2), 1, 'key')


def test_frozen_parts_stay_in_eval_mode(shrunken_models):
    arch = 'RN50'
    encoder = MODELS.build(dict(type='CLIPImageEncoder', arch=arch, frozen_stages=1)).train()
    assert not encoder.visual.bn1.training and not encoder.visual.layer1[0].bn1.training
    assert encoder.training and encoder.visual.layer2[0].bn1.training
    before = encoder.visual.bn1.running_mean.clone()
    encoder(torch.randn(1, 3, 2, 224, 224))
    assert torch.equal(encoder.visual.bn1.running_mean, before)
    encoder = MODELS.build(dict(type='CLIPImageEncoder', arch=arch, frozen_stages='all')).train()
    assert not any(module.training for module in encoder.visual.modules())


@pytest.mark.parametrize('image, text', [('all', -1), (-1, 'all'), ('all', 'all'), (1, 1)])
def test_no_gradient_for_what_is_frozen(tiny_arch, image, text):
    model = MODELS.build(cfg(tiny_arch, image, text)).train()
    train_step(model)
    for name, parameter in model.named_parameters():
        assert (parameter.grad is not None) is parameter.requires_grad, name
    towers = (model.backbone.visual, model.cls_head.label_encoder.text)
    for tower, frozen in zip(towers, (image, text), strict=True):
        learns = any(p.requires_grad for p in tower.parameters())
        assert learns is (frozen != 'all')
    assert model.cls_head.logit_scale.grad is not None
    assert model.neck.frame_position_embeddings.weight.grad is not None


def remembered(encoder, videos):
    """Bytes of the tensors that autograd keeps for the backward pass, weights apart."""
    weights = {p.data_ptr() for p in encoder.parameters()}
    kept = {}

    def note(tensor):
        if tensor.data_ptr() not in weights:
            kept[tensor.data_ptr()] = tensor.numel() * tensor.element_size()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        encoder(videos)
    return sum(kept.values())


def test_no_memory_for_what_is_frozen(tiny_arch):
    tiny_arch['vision_cfg']['layers'] = 4
    videos = torch.randn(2, 3, 4, 32, 32)
    needed = {
        frozen: remembered(
            MODELS.build(dict(type='CLIPImageEncoder', arch=tiny_arch, frozen_stages=frozen)),
            videos,
        )
        for frozen in (-1, 2, 3, 'all')
    }
    assert needed['all'] == 0
    assert needed[3] < needed[2] < 0.7 * needed[-1]


def test_a_prompt_in_a_frozen_tower_learns(tiny_arch):
    prompt = dict(type='JointPrompt', num_frames=2)
    model = MODELS.build(cfg(tiny_arch, 'all', 'all', visual_prompt=prompt)).train()
    train_step(model)
    assert model.backbone.visual_prompt.time_embedding.grad.abs().sum() > 0
    assert all(p.grad is None for p in model.backbone.visual.parameters())


def test_sentences_of_a_frozen_text_tower_are_encoded_once(tiny_arch):
    """Same losses and gradients as a tower without memory, which runs at every step."""
    model = MODELS.build(cfg(tiny_arch, text='all')).train()
    plain = MODELS.build(cfg(tiny_arch)).train()
    plain.load_state_dict(model.state_dict())
    calls = []
    model.cls_head.label_encoder.text.register_forward_hook(lambda *args: calls.append(1))
    for step in range(4):
        torch.testing.assert_close(train_step(model, step), train_step(plain, step))
    for (name, mine), other in zip(model.named_parameters(), plain.parameters(), strict=True):
        if mine.requires_grad:
            torch.testing.assert_close(mine.grad, other.grad, rtol=1e-4, atol=1e-6, msg=name)
    first_steps = len(calls)
    with torch.no_grad():
        torch.testing.assert_close(
            model.eval().cls_head.label_encoder(), plain.eval().cls_head.label_encoder()
        )
    everything = len(calls)  # what was never drawn came now
    for step in range(4, 8):
        train_step(model.train(), step)
    assert first_steps <= 4 and len(calls) == everything


def test_memory_follows_weights_and_labels(tiny_arch):
    encoder = MODELS.build(cfg(tiny_arch, text='all')['cls_head']['label_encoder'])
    tokens = encoder.tokens[0]
    before = encoder.encode_tokens(tokens)
    assert torch.equal(encoder.encode_tokens(tokens), before) and not before.requires_grad
    state = {name: value * 1.5 for name, value in encoder.state_dict().items()}
    encoder.load_state_dict(state)
    after = encoder.encode_tokens(tokens)
    assert not torch.allclose(after, before)
    torch.testing.assert_close(after, encoder.text(tokens))
    with torch.autocast('cpu', dtype=torch.bfloat16):
        rounded = encoder.encode_tokens(tokens)
    assert rounded.dtype == torch.bfloat16 and not torch.equal(rounded.float(), after)
    assert torch.equal(encoder.encode_tokens(tokens), after)
    encoder.set_labels(['jumping'])
    assert encoder().shape == (16, 1, 32)


def test_learned_context_in_a_frozen_tower(tiny_arch):
    settings = cfg(tiny_arch, text='all')
    settings['cls_head']['label_encoder']['context'] = dict(type='LearnableContext', num_context=2)
    model = MODELS.build(settings).train()
    assert model.cls_head.label_encoder.learns
    train_step(model)
    assert model.cls_head.label_encoder.context.vectors.grad.abs().sum() > 0
