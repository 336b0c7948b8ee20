"""A run asks before it starts, by whatever runner and entry; configs switch it off."""

from pathlib import Path
from typing import Any

import pytest
import torch
from mmengine.config import Config
from mmengine.model import BaseModel
from mmengine.runner import FlexibleRunner, Runner
from torch import Tensor, nn

from actionclip_mm.engine.preflight import CHECKS, check_runs_before_they_start, preflight

ROOT = Path(__file__).resolve().parents[3]


class Model(BaseModel):
    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))

    def forward(self, sample: Tensor, mode: str = 'loss') -> dict:
        return dict(loss=(self.weight - sample.mean()).square().mean())


@pytest.fixture
def build(tmp_path, monkeypatch):
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: False)
    count = 0

    def make(kind: type = Runner, batch_size: int = 2, epochs: int = 1, **cfg: Any) -> Any:
        nonlocal count
        count += 1
        return kind(
            Model(),
            work_dir=str(tmp_path / 'run'),
            train_dataloader=dict(
                dataset=[dict(sample=torch.ones(1)) for _ in range(4)],
                batch_size=batch_size,
                num_workers=0,
                persistent_workers=True,  # follows num_workers
                drop_last=True,
                sampler=dict(type='DefaultSampler', shuffle=True),
                collate_fn=dict(type='default_collate'),
            ),
            train_cfg=dict(by_epoch=True, max_epochs=epochs),
            optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.1)),
            # as the mini config has it: it cannot even be built for 0 iterations
            param_scheduler=[dict(type='LinearLR', end=1, convert_to_iter_based=True)],
            default_scope='mmaction',  # as the conftest sets it
            experiment_name=f'preflight_{kind.__name__}_{tmp_path.name}_{count}',
            cfg=Config(cfg),
        )

    return make


@pytest.mark.parametrize('kind', [Runner, FlexibleRunner])
def test_training_does_not_start(build, kind, tmp_path) -> None:
    with pytest.raises(ValueError, match=r'^train_dataloader has no batch: 4 videos .*size=8'):
        build(kind, batch_size=8).train()
    assert not list((tmp_path / 'run').glob('*.pth'))


@pytest.mark.parametrize('kind', [Runner, FlexibleRunner])
def test_a_sound_run_starts(build, kind, tmp_path) -> None:
    build(kind).train()
    assert (tmp_path / 'run' / 'epoch_1.pth').is_file()


def test_all_that_stops_it_is_said_at_once(build) -> None:
    with pytest.raises(ValueError, match='2 problems stop this run before it starts') as error:
        build(batch_size=8, epochs=0).train()
    assert '\n- train_dataloader has no batch' in str(error.value)
    assert '\n- train_cfg.max_epochs' in str(error.value)


def test_warnings_and_the_time_are_logged(build, monkeypatch) -> None:
    runner, said = build(auto_scale_lr=dict(enable=False, base_batch_size=128)), []
    monkeypatch.setattr(runner.logger, 'warning', said.append)
    monkeypatch.setattr(runner.logger, 'info', said.append)
    warnings = preflight(runner, 'train')
    assert len(warnings) == 2, warnings  # the schedule's warm-up is as long as the run
    assert said[:2] == [f'Preflight: {text}' for text in warnings]
    assert said[2].startswith(f'Preflight: {len(CHECKS)} checks in ')


def test_it_can_be_switched_off(build) -> None:
    assert preflight(build(batch_size=8, preflight=False), 'train') == []
    skipping = build(batch_size=8, preflight=dict(skip=['training_steps']))
    preflight(skipping, 'train')
    for wrong in ('off', dict(skip=['steps']), dict(only=['training_steps'])):
        with pytest.raises(ValueError, match='preflight must be True, False or dict.skip='):
            preflight(build(preflight=wrong), 'train')


def test_it_is_installed_once() -> None:
    before = Runner.train
    check_runs_before_they_start()
    assert Runner.train is before


def test_what_a_runner_lacks_is_its_own_error(build) -> None:
    with pytest.raises(RuntimeError, match='_test_loop'):
        build().test()


def test_a_loader_that_waits_is_explained(build, monkeypatch) -> None:
    runner = build()
    runner._train_loop = runner.build_train_loop(runner._train_loop)

    def run() -> None:
        raise RuntimeError('DataLoader timed out after 1800 seconds')

    monkeypatch.setattr(runner._train_loop, 'run', run)
    with pytest.raises(RuntimeError, match=r'timed out after 1800 seconds .*--shm-size'):
        runner.train()


def test_the_default_runtime_has_it() -> None:
    assert Config.fromfile(ROOT / 'configs' / '_base_' / 'default_runtime.py').preflight is True


def test_every_question_is_documented() -> None:
    text = (ROOT / 'docs' / 'preflight.md').read_text(encoding='utf-8')
    for name, check in CHECKS.items():
        assert f'`{name}`' in text
        assert check.__doc__
