"""FSDP and DeepSpeed as configs; training with them is in tests/test_tools/test_engines.py."""

from pathlib import Path

import pytest
import torch
from mmaction.registry import RUNNERS
from mmengine.config import Config
from mmengine.registry import STRATEGIES, build_from_cfg
from mmengine.runner import FlexibleRunner
from open_clip.transformer import ResidualAttentionBlock
from torch import nn

from actionclip_mm.clip import build_clip
from actionclip_mm.engine import CLIPOptimWrapperConstructor, ShardedStrategy
from actionclip_mm.engine.sharding import clip_blocks
from actionclip_mm.utils import RunRefused

CONFIGS = Path(__file__).resolve().parents[2] / 'configs'
LEAF = CONFIGS / 'actionclip' / 'actionclip_vit-b-16_transf_k400_8f.py'


def load(tmp_path, engine, extra=''):
    path = tmp_path / 'config.py'
    path.write_text(f"_base_ = ['{LEAF}', '{CONFIGS}/_base_/strategies/{engine}.py']\n{extra}")
    return Config.fromfile(path)


def test_fsdp_config(tmp_path):
    config = load(tmp_path, 'fsdp')
    assert RUNNERS.get(config.runner_type) is FlexibleRunner
    assert STRATEGIES.get(config.strategy.type) is ShardedStrategy


def test_fsdp_of_one_process_is_one_sentence(tmp_path):
    with pytest.raises(RunRefused, match='the run has one: start it with tools/dist_train.sh'):
        ShardedStrategy(work_dir=str(tmp_path), env_kwargs=dict(launcher='none'))


def test_deepspeed_config(tmp_path):
    extra = "optim_wrapper = dict(type='DeepSpeedOptimWrapper')\n"
    config = load(tmp_path, 'deepspeed', extra)
    assert RUNNERS.get(config.runner_type) is FlexibleRunner
    assert config.optim_wrapper.optimizer.type == 'AdamW'
    try:
        import deepspeed  # noqa: F401
    except ImportError:
        with pytest.raises(AssertionError, match='DeepSpeed is not installed') as error:
            build_from_cfg(config.strategy, STRATEGIES)
        assert '\n' not in str(error.value)


@pytest.mark.parametrize('name', ['ViT-B-16', 'RN50', 'EVA02-B-16', 'convnext_base'])
def test_units_are_the_blocks(shrunken_models, name):
    tower = build_clip(name).visual
    units = [module for module in tower.modules() if clip_blocks(module, False, 0)]
    weights = sum(p.numel() for unit in units for p in unit.parameters())
    assert len(units) >= 2
    assert weights > 0.2 * sum(p.numel() for p in tower.parameters())
    assert not clip_blocks(nn.Linear(2, 2), False, 0) and clip_blocks(tower, True, 0)
    if name == 'ViT-B-16':
        assert all(isinstance(unit, ResidualAttentionBlock) for unit in units)


def test_parts_of_weights_decay_like_the_wholes():
    """FSDP leaves one-dimensional parts, and a rule by dimensions must not see those."""
    constructor = CLIPOptimWrapperConstructor(
        dict(optimizer=dict(type='AdamW', lr=1.0, weight_decay=0.2))
    )
    part, whole = nn.Parameter(torch.zeros(6)), nn.Parameter(torch.zeros(2, 3))
    part.whole_dim = whole.dim()
    assert constructor.multiples('weight', part) == constructor.multiples('weight', whole)
    assert constructor.multiples('weight', nn.Parameter(torch.zeros(6)))[1] == 0
