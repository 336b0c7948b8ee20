"""init_recognizer builds what the checkpoint was trained with."""

import inspect
from pathlib import Path

import pytest
import torch
from mmaction.apis import init_recognizer
from mmengine.config import Config


@pytest.fixture
def config(tiny_arch: dict) -> Config:
    """A model whose weights need QuickGELU, which only ``pretrained`` tells."""
    clip = dict(arch='ViT-B-32', pretrained='openai')
    encoder = dict(type='TextPromptLabelEncoder', labels=['clap', 'wave'], **clip)
    return Config(
        dict(
            model=dict(
                type='CLIPRecognizer',
                backbone=dict(type='CLIPImageEncoder', **clip),
                neck=dict(type='MeanPPrompt', in_channels=512),
                cls_head=dict(type='VideoTextHead', in_channels=512, label_encoder=encoder),
            )
        )
    )


def activations(model: torch.nn.Module) -> set[str]:
    return {type(m).__name__ for m in model.backbone.modules() if 'GELU' in type(m).__name__}


def test_the_activation_is_that_of_the_weights(config: Config, shrunken_models: None) -> None:
    model = init_recognizer(config, device='cpu')
    assert activations(model) == {'QuickGELU'}
    assert not model.training
    assert model.cfg is config
    assert config.model.backbone.pretrained == 'openai'


def test_the_host_ignores_the_activation(config: Config, shrunken_models: None) -> None:
    config.model.cls_head.label_encoder.pretrained = None
    host = inspect.unwrap(init_recognizer)
    assert activations(host(config, device='cpu')) == {'GELU'}


def test_a_checkpoint_of_another_model_is_refused(
    config: Config, shrunken_models: None, tmp_path: Path
) -> None:
    model = init_recognizer(config, device='cpu')
    state = model.state_dict()
    torch.save(dict(state_dict=state), tmp_path / 'own.pth')
    init_recognizer(config, str(tmp_path / 'own.pth'), device='cpu')
    state.popitem()
    torch.save(dict(state_dict=state), tmp_path / 'other.pth')
    with pytest.raises(ValueError, match='does not fit the model of the config'):
        init_recognizer(config, str(tmp_path / 'other.pth'), device='cpu')


def test_other_models_are_built_by_the_host(tmp_path: Path) -> None:
    text = "_base_ = 'mmaction::_base_/models/slowonly_r50.py'\nmodel = dict(backbone=dict(depth=18"
    (tmp_path / 'config.py').write_text(f'{text}, base_channels=4), cls_head=dict(in_channels=32))')
    model = init_recognizer(tmp_path / 'config.py', device='cpu')
    assert type(model).__name__ == 'Recognizer3D'
