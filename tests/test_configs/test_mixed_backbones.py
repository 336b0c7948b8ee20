"""docs/mixed_backbones.md: what it shows works, and what it says of mmaction2's heads is true."""

import re
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import mmaction
import pytest
import torch
import yaml
from mmaction.registry import MODELS
from mmaction.structures import ActionDataSample
from mmengine.config import Config
from mmengine.optim import build_optim_wrapper

from actionclip_mm.clip.hub import skip_loading_weights

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = (ROOT / 'docs' / 'mixed_backbones.md').read_text()
EXAMPLE, TRAINS_BOTH = (
    dedent(block) for block in re.findall(r'```python\n(.*?)```', DOCUMENT, re.S)
)
LEAVES = sorted((ROOT / 'configs' / 'mixed_backbones').glob('*.py'))
REVERSE = 'clip_i3d_head'  # its backbone is CLIP's
ZOO = Path(mmaction.__file__).parent / '.mim' / 'configs'
# only tested by mmaction2, so the leaf builds on the model alone
HOSTS_TEST = {'x3d_m': 'recognition/x3d/x3d_m_16x5x1_facebook-kinetics400-rgb'}


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
    with skip_loading_weights():
        model = MODELS.build(config.model)
    optimizer = build_optim_wrapper(model, config.optim_wrapper).optimizer
    rates = {id(p): group['lr'] for group in optimizer.param_groups for p in group['params']}
    assert rates[id(model.backbone.conv1.conv.weight)] == pytest.approx(1e-3)
    token = model.cls_head.label_encoder.text.token_embedding.weight
    assert rates[id(token)] == pytest.approx(5e-6)
    video = torch.randn(2, 1, 3, 4, 32, 32)
    losses = model.loss(video, [ActionDataSample().set_gt_label(i) for i in range(2)])
    assert losses['loss_cls'].isfinite()


@pytest.mark.parametrize('leaf', LEAVES, ids=lambda leaf: leaf.stem)
def test_every_leaf_is_in_the_table(leaf: Path) -> None:
    assert f'`{leaf.name}`' in DOCUMENT


@pytest.mark.parametrize(
    'leaf', [leaf for leaf in LEAVES if leaf.stem != REVERSE], ids=lambda leaf: leaf.stem
)
def test_numbers_are_those_of_the_model_zoo(leaf: Path) -> None:
    """mmaction2's wheel says what its own configs have reached."""
    config = HOSTS_TEST.get(leaf.stem) or re.search(r'mmaction::(\S+)\.py', leaf.read_text())[1]
    family = '/'.join(config.split('/')[:2])
    models = yaml.safe_load((ZOO / family / 'metafile.yml').read_text())['Models']
    (results,) = [model['Results'] for model in models if model['Name'] == Path(config).stem]
    (result,) = results if isinstance(results, list) else [results]
    reached = result['Metrics']['Top 1 Accuracy']
    docstring = leaf.read_text().split('"""')[1]
    other = re.search(r'its metafile has (\d+\.\d+)', docstring)  # where its README differs
    number = other or re.search(r'top-1 (\d+\.\d+)', docstring)
    assert float(number[1]) == reached
    assert 'GPUs' in docstring and (other or 'its model zoo' in docstring)


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
