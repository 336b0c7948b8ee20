"""Image encoder and label encoder share one CLIP; widths follow the part before."""

import copy

import open_clip
import pytest
import torch
from mmaction.registry import MODELS
from torch import nn

from actionclip_mm.clip import build_clip
from actionclip_mm.clip.weight_files import write_weights
from actionclip_mm.models.necks import BaseVisualPrompt

NECKS = sorted(
    name
    for name, cls in MODELS.module_dict.items()
    if isinstance(cls, type) and issubclass(cls, BaseVisualPrompt)
)
LABELS = ['run', 'walk', 'swim']


@pytest.fixture
def built(monkeypatch):
    """Every CLIP that open_clip constructs, and the elements of all parameters with memory."""
    counts = dict(clips=0, elements=0)
    init, new = open_clip.CustomTextCLIP.__init__, nn.Parameter.__new__

    def counted_init(self, *args, **kwargs):
        counts['clips'] += 1
        init(self, *args, **kwargs)

    def counted_new(cls, data=None, requires_grad=True):
        parameter = new(cls, data, requires_grad)
        counts['elements'] += 0 if parameter.is_meta else parameter.numel()
        return parameter

    monkeypatch.setattr(open_clip.CustomTextCLIP, '__init__', counted_init)
    monkeypatch.setattr(nn.Parameter, '__new__', staticmethod(counted_new))
    return counts


@pytest.fixture
def weights(tmp_path, tiny_arch):
    path = tmp_path / 'clip.safetensors'
    write_weights(path, build_clip(tiny_arch).state_dict(), {})
    return str(path)


def recognizer(backbone, encoder=None, neck=None, **head):
    return MODELS.build(
        dict(
            type='CLIPRecognizer',
            backbone=dict(type='CLIPImageEncoder', **backbone),
            neck=neck or dict(type='MeanPPrompt'),
            cls_head=dict(
                type='VideoTextHead',
                label_encoder=dict(
                    type='TextPromptLabelEncoder', labels=LABELS, templates=['{}'], **encoder or {}
                ),
                **head,
            ),
        )
    )


def elements(model):
    return sum(parameter.numel() for parameter in model.parameters())


def same_weights(a, b):
    a, b = a.state_dict(), b.state_dict()
    return list(a) == list(b) and all(torch.equal(a[name], b[name]) for name in a)


@pytest.mark.parametrize('form', ['inherited', 'written twice'])
def test_one_clip_is_built_and_all_of_it_is_kept(form, built, tiny_arch):
    clip = dict(arch=tiny_arch)
    model = recognizer(clip, copy.deepcopy(clip) if form == 'written twice' else None)
    assert built['clips'] == 1
    assert (
        elements(model) == built['elements'] - 1
    )  # logit_scale, which the head owns, is made twice


def test_short_and_long_configs_are_equal(tiny_arch, weights):
    clip = dict(arch=tiny_arch, pretrained=weights)
    width = tiny_arch['embed_dim']
    long = recognizer(
        clip, clip, neck=dict(type='MeanPPrompt', in_channels=width), in_channels=width
    )
    short = recognizer(clip)
    assert same_weights(long, short)
    apart = MODELS.build(
        dict(type='TextPromptLabelEncoder', labels=LABELS, templates=['{}'], **clip)
    )
    assert same_weights(apart, short.cls_head.label_encoder)


def test_a_config_is_not_changed(tiny_arch):
    backbone = dict(type='CLIPImageEncoder', arch=tiny_arch)
    head = dict(
        type='VideoTextHead', label_encoder=dict(type='TextPromptLabelEncoder', labels=LABELS)
    )
    cfg = dict(type='CLIPRecognizer', backbone=backbone, cls_head=head)
    before = copy.deepcopy(cfg)
    MODELS.build(cfg)
    assert cfg == before


@pytest.mark.parametrize('random', ['image', 'text'])
def test_towers_of_other_weights_are_built_apart(random, built, tiny_arch, weights):
    pretrained = dict(arch=tiny_arch, pretrained=weights)
    trained = build_clip(**pretrained)
    built.update(clips=0, elements=0)
    if random == 'text':
        model = recognizer(pretrained, dict(pretrained=None))
    else:
        model = recognizer(dict(arch=tiny_arch), pretrained)
    assert built['clips'] == 2
    assert elements(model) == built['elements'] - 2  # one tower of each, and their logit_scale
    assert same_weights(model.backbone.visual, trained.visual) == (random == 'text')
    assert same_weights(model.cls_head.label_encoder.text, trained.text) == (random == 'image')


def test_an_arch_without_weights_stays_random(tiny_arch, weights):
    """As it was before the towers were shared."""
    trained = build_clip(tiny_arch, weights)
    model = recognizer(dict(arch=tiny_arch, pretrained=weights), dict(arch=tiny_arch))
    assert not same_weights(model.cls_head.label_encoder.text, trained.text)


def test_the_unimodal_baseline_builds_no_text_tower(built, tiny_arch):
    model = MODELS.build(
        dict(
            type='Recognizer3D',
            backbone=dict(type='CLIPImageEncoder', arch=tiny_arch),
            neck=dict(type='MeanPPrompt', in_channels=tiny_arch['embed_dim']),
            cls_head=dict(
                type='TimeSformerHead', num_classes=3, in_channels=tiny_arch['embed_dim']
            ),
        )
    )
    assert built['clips'] == 1
    assert elements(model) == built['elements'] - 1  # logit_scale, which is not kept


def test_other_backbones_get_the_text_tower_alone(built, tiny_arch):
    encoder = MODELS.build(dict(type='TextPromptLabelEncoder', labels=LABELS, arch=tiny_arch))
    assert elements(encoder) == built['elements'] - 1


@pytest.mark.parametrize('only', ['visual', 'text'])
def test_one_tower_has_the_weights_of_the_file(only, tiny_arch, weights, recwarn):
    model = build_clip(tiny_arch, weights, only=only)
    assert same_weights(
        model.get_submodule(only), build_clip(tiny_arch, weights).get_submodule(only)
    )
    other = model.get_submodule('text' if only == 'visual' else 'visual')
    assert all(parameter.is_meta for parameter in other.parameters())
    assert not [w for w in recwarn if 'meta' in str(w.message)]


def test_without_a_clip_the_arch_must_be_written():
    with pytest.raises(ValueError, match=r'label_encoder\.arch must be set to an open_clip model'):
        MODELS.build(dict(type='TextPromptLabelEncoder', labels=LABELS))


@pytest.mark.parametrize('neck', NECKS)
def test_widths_are_those_of_the_backbone(neck, tiny_arch):
    model = recognizer(dict(arch=tiny_arch), neck=dict(type=neck))
    assert model.neck.in_channels == model.cls_head.in_channels == tiny_arch['embed_dim']


def test_a_backbone_that_does_not_tell_its_width():
    cfg = dict(
        type='CLIPRecognizer',
        backbone=dict(type='ResNet3dSlowOnly', depth=18, pretrained=None, pretrained2d=False),
        cls_head=dict(type='I3DHead', num_classes=3),
    )
    with pytest.raises(ValueError, match=r'cls_head\.in_channels must be set .* ResNet3dSlowOnly'):
        MODELS.build(cfg)
