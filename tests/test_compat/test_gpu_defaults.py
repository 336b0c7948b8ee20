"""Defaults of runs on a GPU fill in what a config leaves open."""

from pathlib import Path

import pytest
import torch
from mmengine.config import Config, ConfigDict

from actionclip_mm.compat import gpu_defaults
from actionclip_mm.compat.gpu_defaults import with_gpu_defaults

LEAF = 'actionclip/actionclip_vit-b-16_transf_k400_8f.py'


@pytest.fixture(autouse=True)
def autocast_type():
    before = torch.get_autocast_gpu_dtype()
    yield
    torch.set_autocast_gpu_dtype(before)


@pytest.fixture
def config():
    return Config.fromfile(Path(__file__).resolve().parents[2] / 'configs' / LEAF)


def test_a_shipped_config(config):
    before = config.to_dict()
    found = with_gpu_defaults(config, 9)
    assert config.to_dict() == before
    assert found.optim_wrapper.type == 'AmpOptimWrapper'
    assert found.optim_wrapper.dtype == 'bfloat16'
    assert found.optim_wrapper.loss_scale == dict(enabled=False)
    assert found.optim_wrapper.optimizer.fused
    assert found.optim_wrapper.constructor == config.optim_wrapper.constructor
    assert found.val_cfg.fp16 and found.test_cfg.fp16
    assert torch.get_autocast_gpu_dtype() == torch.bfloat16
    for loader in (found.train_dataloader, found.val_dataloader, found.test_dataloader):
        assert loader.pin_memory and loader.prefetch_factor == 4


def test_what_is_set_stays(config):
    config.optim_wrapper.update(type='AmpOptimWrapper', loss_scale='dynamic')  # --amp
    config.optim_wrapper.optimizer.fused = False
    config.train_dataloader.update(pin_memory=False, prefetch_factor=2)
    config.val_cfg.fp16 = False
    found = with_gpu_defaults(config, 9)
    assert found.optim_wrapper == config.optim_wrapper
    assert found.train_dataloader == config.train_dataloader
    assert not found.val_cfg.fp16


@pytest.mark.parametrize('wanted', [False, None, dict(skip=list(gpu_defaults.NAMES))])
def test_they_can_be_switched_off(config, wanted):
    config.gpu_defaults = wanted
    assert with_gpu_defaults(config, 9).to_dict() == config.to_dict()


def test_old_gpus_and_strategies_keep_their_precision(config):
    assert with_gpu_defaults(config, 7).optim_wrapper.type == 'OptimWrapper'
    config.strategy = dict(type='ShardedStrategy')
    assert with_gpu_defaults(config, 9).optim_wrapper == config.optim_wrapper


def test_loaders_without_workers_do_not_prefetch():
    cfg = ConfigDict(gpu_defaults=True, test_dataloader=dict(num_workers=0))
    assert with_gpu_defaults(cfg, 9).test_dataloader == dict(num_workers=0, pin_memory=True)


@pytest.mark.parametrize('wanted', ['on', dict(skip=['fp8']), dict(keep=[])])
def test_other_values_are_refused(wanted):
    with pytest.raises(ValueError, match='gpu_defaults must be True, False or dict'):
        with_gpu_defaults(ConfigDict(gpu_defaults=wanted), 9)


def test_runners_use_them(monkeypatch):
    from mmengine.runner import FlexibleRunner, Runner

    seen = []
    for kind in (Runner, FlexibleRunner):
        monkeypatch.setattr(kind, 'from_cfg', classmethod(lambda cls, cfg: seen.append((cls, cfg))))
    monkeypatch.setattr(torch.cuda, 'get_device_capability', lambda: (9, 0))
    gpu_defaults.use_gpus_well.replace()
    Runner.from_cfg(ConfigDict(gpu_defaults=True, test_dataloader=dict()))
    assert seen == [(Runner, dict(gpu_defaults=True, test_dataloader=dict(pin_memory=True)))]
