"""The paper's schedule as mmengine builds it: learning rates, decay, warm-up, cosine to zero."""

from pathlib import Path

import pytest
import torch
from mmaction.registry import MODELS
from mmengine.config import Config
from mmengine.optim import build_optim_wrapper
from mmengine.registry import PARAM_SCHEDULERS

SCHEDULE = Path(__file__).resolve().parents[2] / 'configs' / '_base_' / 'schedules' / 'adamw_50e.py'


@pytest.fixture
def config() -> Config:
    return Config.fromfile(SCHEDULE)


def test_rates_and_decay_by_parameter(config: Config, model_cfg: dict) -> None:
    model_cfg['cls_head']['label_encoder']['context'] = dict(type='LearnableContext')
    model = MODELS.build(model_cfg)
    groups = build_optim_wrapper(model, config.optim_wrapper).optimizer.param_groups
    by_tensor = {id(member): group for group in groups for member in group['params']}
    assert len(by_tensor) == len(list(model.parameters()))
    for name, parameter in model.named_parameters():
        group = by_tensor[id(parameter)]
        assert group['betas'] == (0.9, 0.98)
        is_new = name.startswith(('neck.', 'cls_head.label_encoder.context.'))
        assert group['lr'] == pytest.approx(5e-5 if is_new else 5e-6), name
        if 'logit_scale' in name or name.endswith('bias') or '.ln_' in name:
            assert group['weight_decay'] == 0, name
        elif name.endswith('weight'):
            assert group['weight_decay'] == pytest.approx(0.2), name


def test_warms_up_then_falls_to_zero(config: Config) -> None:
    length, base = 4, 5e-6
    optimizer = torch.optim.AdamW([torch.nn.Parameter(torch.zeros(1))], lr=base)
    schedulers = []
    for cfg in config.param_scheduler:
        kind = PARAM_SCHEDULERS.get(cfg.pop('type'))
        cfg.pop('convert_to_iter_based')
        schedulers.append(
            kind.build_iter_from_epoch(optimizer=optimizer, epoch_length=length, **cfg)
        )
    rates = []
    for _ in range(config.train_cfg.max_epochs * length):
        rates.append(optimizer.param_groups[0]['lr'])
        optimizer.step()
        for scheduler in schedulers:
            scheduler.step()
    peak = rates.index(max(rates))
    assert peak / len(rates) == pytest.approx(0.1, abs=0.01)
    assert rates[peak] == pytest.approx(base)
    assert 0 < rates[0] < base / 1e5  # the released schedule begins at 0
    assert rates[:peak] == sorted(rates[:peak])
    assert rates[peak:] == sorted(rates[peak:], reverse=True)
    assert optimizer.param_groups[0]['lr'] == pytest.approx(0, abs=base / 1000)


@pytest.mark.parametrize('name', ['few_shot', 'base_to_novel', 'slowonly_few_shot'])
def test_few_videos_are_validated_once_at_the_end(name: str) -> None:
    """A test set that chose the best epoch would be part of the training."""
    config = Config.fromfile(SCHEDULE.with_name(f'{name}.py'))
    epochs = config.train_cfg.max_epochs
    assert config.train_cfg.val_interval == epochs
    cosine = config.param_scheduler[-1]
    assert cosine.get('begin', 0) + cosine.T_max == epochs and cosine.eta_min == 0
    assert config.auto_scale_lr.base_batch_size == 64
