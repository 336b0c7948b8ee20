"""docs/mixed_backbones.md: what it shows works, and what it says of mmaction2's heads is true."""

import re
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest
import torch
from mmaction.registry import MODELS
from mmaction.structures import ActionDataSample
from mmengine.config import Config
from mmengine.optim import build_optim_wrapper

from actionclip_mm.models.utils.unread_weights import leave_weights_unread

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = (ROOT / 'docs' / 'mixed_backbones.md').read_text()
EXAMPLE, TRAINS_BOTH = (
    dedent(block) for block in re.findall(r'```python\n(.*?)```', DOCUMENT, re.S)
)


def test_the_example_is_short_and_learns(
    tmp_path: Path, shrunken_models: None, shrink_backbone: Callable
) -> None:
    assert len(EXAMPLE.splitlines()) < 10
    (tmp_path / 'labels.txt').write_text('clap\nwave\nsit\n')
    text = EXAMPLE.replace('data/kinetics400/labels.txt', str(tmp_path / 'labels.txt'))
    text = text.replace(", frozen_stages='all'", '')
    (tmp_path / 'config.py').write_text(text + TRAINS_BOTH)
    config = Config.fromfile(tmp_path / 'config.py')
    shrink_backbone(config)
    with leave_weights_unread():
        model = MODELS.build(config.model)
    optimizer = build_optim_wrapper(model, config.optim_wrapper).optimizer
    rates = {id(p): group['lr'] for group in optimizer.param_groups for p in group['params']}
    assert rates[id(model.backbone.conv1.conv.weight)] == pytest.approx(1e-3)
    token = model.cls_head.label_encoder.text.token_embedding.weight
    assert rates[id(token)] == pytest.approx(5e-6)
    video = torch.randn(2, 1, 3, 4, 32, 32)
    losses = model.loss(video, [ActionDataSample().set_gt_label(i) for i in range(2)])
    assert losses['loss_cls'].isfinite()


def test_every_leaf_is_in_the_table() -> None:
    for leaf in (ROOT / 'configs' / 'mixed_backbones').glob('*.py'):
        assert f'`{leaf.name}`' in DOCUMENT


@pytest.mark.parametrize(
    'head',
    [
        dict(type='TimeSformerHead'),
        dict(type='UniFormerHead'),
        dict(type='I3DHead', spatial_type=None),
    ],
    ids=lambda head: head['type'],
)
def test_heads_of_mmaction2_on_the_clip_tower(head: dict, tiny_arch: dict) -> None:
    model = MODELS.build(
        dict(
            type='CLIPRecognizer',
            backbone=dict(type='CLIPImageEncoder', arch=tiny_arch),
            neck=dict(type='MeanPPrompt', in_channels=32),
            cls_head=dict(num_classes=3, in_channels=32, average_clips='prob', **head),
        )
    )
    samples = [ActionDataSample().set_gt_label(i) for i in range(2)]
    video = torch.randn(2, 1, 3, 2, 32, 32)
    assert model.loss(video, samples)['loss_cls'].isfinite()
    (first, _) = model.eval().predict(video, samples)
    assert first.pred_score.shape == (3,)
