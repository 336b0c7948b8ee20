"""Recipes of mmaction2 with TSM's optimizer constructor, in the six lines of the documentation."""

import re
import sys
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from types import ModuleType

import mmaction
import pytest
import torch
from mmaction.registry import MODELS
from mmaction.structures import ActionDataSample
from mmengine.config import Config
from mmengine.optim import build_optim_wrapper
from torch import nn

from actionclip_mm.clip.hub import skip_loading_weights

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = (ROOT / 'docs' / 'mixed_backbones.md').read_text()
SIX_LINES = dedent(re.findall(r'```python\n(.*?)```', DOCUMENT, re.S)[0])
ZOO = Path(mmaction.__file__).parent / '.mim' / 'configs'
NAMES_IT = re.compile('TSMOptimWrapperConstructor|sgd_tsm')  # or the schedules that do
RECIPES = sorted(
    str(path.relative_to(ZOO).with_suffix(''))
    for path in ZOO.glob('*/*/*.py')
    if path.parts[-3] != '_base_' and NAMES_IT.search(path.read_text())
)


def with_texts(recipe: str, folder: Path) -> Config:
    """A recipe of the host in the six lines, with the head's own width and three labels."""
    (folder / 'labels.txt').write_text('clap\nwave\nsit\n')
    text = SIX_LINES.replace('data/kinetics400/labels.txt', str(folder / 'labels.txt'))
    text = re.sub("mmaction::[^']*", f'mmaction::{recipe}.py', text)
    width = Config.fromfile(ZOO / f'{recipe}.py').model.cls_head.in_channels
    (folder / 'config.py').write_text(text.replace('in_channels=2048', f'in_channels={width}'))
    return Config.fromfile(folder / 'config.py')


def build(config: Config) -> nn.Module:
    for key in ('pretrained', 'pretrained2d'):
        if key in config.model.backbone:
            config.model.backbone[key] = None  # it is to be downloaded
    config.model.backbone.pop('init_cfg', None)
    with skip_loading_weights():
        return MODELS.build(config.model)


def settings(config: Config, model: nn.Module) -> dict[str, tuple[float, float]]:
    """Name of each parameter -> learning rate and decay, as multiples of the recipe's."""
    optimizer = build_optim_wrapper(model, config.optim_wrapper).optimizer
    base = config.optim_wrapper.optimizer
    members = [id(p) for group in optimizer.param_groups for p in group['params']]
    assert len(members) == len(set(members))
    found = {
        id(p): (group['lr'] / base.lr, group['weight_decay'] / base.weight_decay)
        for group in optimizer.param_groups
        for p in group['params']
    }
    return {n: found[id(p)] for n, p in model.named_parameters() if id(p) in found}


def test_the_list_of_recipes() -> None:
    families = {recipe.split('/')[1] for recipe in RECIPES}
    assert families == {'tanet', 'tin', 'trn', 'tsm'} and len(RECIPES) >= 13


@pytest.fixture
def ops(monkeypatch: pytest.MonkeyPatch) -> None:
    """TIN shifts frames by an operator of the full mmcv; without it they stay where they are."""
    try:
        import mmcv.ops  # noqa: F401
    except ImportError:
        stand_in = ModuleType('mmcv.ops')
        stand_in.tin_shift = lambda data, offset: data
        monkeypatch.setitem(sys.modules, 'mmcv.ops', stand_in)


@pytest.mark.parametrize('recipe', RECIPES, ids=lambda recipe: recipe.split('/')[2])
def test_every_recipe_learns(recipe: str, tmp_path: Path, shrunken_models: None, ops: None) -> None:
    config = with_texts(recipe, tmp_path)
    if config.model.backbone.type == 'MobileOneTSM':
        pytest.importorskip('mmpretrain')  # the host takes MobileOne from there
    assert config.optim_wrapper.constructor == 'TSMOptimWrapperConstructor'
    model = build(config)
    found = settings(config, model)
    assert found.keys() == {n for n, p in model.named_parameters() if p.requires_grad}
    assert not any('label_encoder' in name for name in found)  # it is frozen
    factor = 5 if config.optim_wrapper.paramwise_cfg.fc_lr5 else 1
    assert found['cls_head.projection.weight'] == pytest.approx((factor, 1))
    assert found['cls_head.projection.bias'] == (2 * factor, 0)
    assert found['cls_head.logit_scale'] == (1, 0)
    norms = {
        f'{name}.{kind}'
        for name, module in model.named_modules()
        if isinstance(module, nn.modules.batchnorm._NormBase)
        for kind in ('weight', 'bias')
    }
    for name in norms & found.keys():
        assert found[name] == (1, 0)
    for name in found.keys() - norms:
        if name.startswith('backbone'):
            expected = (2, 0) if name.endswith('bias') else (1, 1)
            assert found[name] == pytest.approx(expected), name
    segments = config.model.backbone.get('num_segments', 8)
    video = torch.randn(2, segments, 3, 32, 32)
    samples = [ActionDataSample().set_gt_label(i) for i in range(2)]
    losses = model.train().loss(video, samples)
    losses['loss_cls'].backward()
    assert losses['loss_cls'].isfinite()
    assert model.cls_head.projection.weight.grad.any()


def test_a_text_tower_that_learns_is_not_forgotten(tmp_path: Path, shrunken_models: None) -> None:
    """The host passes over parameters between layers, such as those of attention."""
    config = with_texts(RECIPES[-1], tmp_path)
    config.model.cls_head.label_encoder.pop('frozen_stages')
    model = build(config)
    found = settings(config, model)
    assert found.keys() == {name for name, _ in model.named_parameters()}
    tower = 'cls_head.label_encoder.text.'
    block = f'{tower}transformer.resblocks.0.'
    assert found[f'{block}attn.in_proj_weight'] == pytest.approx((1, 1))
    assert found[f'{block}mlp.c_fc.bias'] == (2, 0)
    assert found[f'{block}ln_1.bias'] == (1, 0)
    assert found[f'{tower}positional_embedding'] == pytest.approx((1, 1))


def test_models_of_the_host_are_left_alone(log: Callable[[], str]) -> None:
    config = Config.fromfile(ZOO / f'{RECIPES[-1]}.py')
    config.model.cls_head.pop('average_clips', None)
    backbone = dict(type='ResNetTSM', depth=18, num_segments=8, norm_eval=False)
    head = dict(config.model.cls_head, in_channels=512, num_segments=8)
    model = MODELS.build(dict(type='Recognizer2D', backbone=backbone, cls_head=head))
    optimizer = build_optim_wrapper(model, config.optim_wrapper).optimizer
    assert [len(group['params']) for group in optimizer.param_groups][-2:] == [1, 1]
    assert len(optimizer.param_groups) == 7  # the host's, some of them empty
    assert 'rules of TSM' not in log()
