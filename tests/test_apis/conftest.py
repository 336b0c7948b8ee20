"""A weight file of a tiny CLIP, a video, and a config with a checkpoint of it."""

from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from mmaction.registry import MODELS
from mmengine.registry import DefaultScope

from actionclip_mm.clip import build_clip


@pytest.fixture
def clip_file(tiny_arch, tmp_path) -> str:
    path = tmp_path / 'clip.pt'
    torch.save(build_clip(tiny_arch).state_dict(), path)
    return str(path)


@pytest.fixture(scope='session')
def video(write_video, tmp_path_factory) -> str:
    return str(write_video(tmp_path_factory.mktemp('video') / 'clip.mp4'))


@pytest.fixture
def trained(tiny_arch, tmp_path) -> SimpleNamespace:
    """A config file, the checkpoint of its model and its ``model`` dict.

    Its ``pretrained`` is a file that is not there.
    """
    clip = dict(arch=tiny_arch, pretrained='not_here.pt')
    cfg = dict(
        type='CLIPRecognizer',
        backbone=dict(type='CLIPImageEncoder', **clip),
        neck=dict(type='TransfPrompt', in_channels=32, num_layers=1),
        cls_head=dict(
            type='VideoTextHead',
            in_channels=32,
            label_encoder=dict(
                type='TextPromptLabelEncoder', labels=['one', 'two', 'three'], **clip
            ),
        ),
    )
    weightless = dict(
        cfg,
        backbone=dict(cfg['backbone'], pretrained=None),
        cls_head=dict(
            cfg['cls_head'], label_encoder=dict(cfg['cls_head']['label_encoder'], pretrained=None)
        ),
    )
    with DefaultScope.overwrite_default_scope('mmaction'):
        model = MODELS.build(weightless)
    checkpoint, config = tmp_path / 'epoch_1.pth', tmp_path / 'config.py'
    torch.save(dict(meta=dict(epoch=1), state_dict=model.state_dict()), checkpoint)
    Path(config).write_text(f"default_scope = 'mmaction'\nmodel = {cfg!r}\n")
    return SimpleNamespace(config=str(config), checkpoint=str(checkpoint), cfg=cfg, model=model)
