"""--resume: a damaged file gives way to the one before it, and what is kept or missing is said."""

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from mmengine.model import BaseModel
from mmengine.runner import FlexibleRunner, Runner
from torch import Tensor, nn

from actionclip_mm.compat.resuming import damage_of, schedule_differences


class Model(BaseModel):
    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))

    def forward(self, sample: Tensor, mode: str = 'loss') -> dict:
        return dict(loss=(self.weight - sample.mean()).square().mean())


@pytest.fixture
def train(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Runner]:
    """Function that trains in the same folder and keeps what it logs as warnings in ``said``."""
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: False)
    count = 0

    def run(epochs: int = 2, kind: type = Runner, lr: float = 0.1, **options: Any) -> Runner:
        nonlocal count
        count += 1
        samples = [dict(sample=torch.ones(1)) for _ in range(4)]
        runner = kind(
            Model(),
            work_dir=str(tmp_path / 'run'),
            train_dataloader=dict(
                dataset=samples,
                batch_size=2,
                num_workers=0,
                sampler=dict(type='DefaultSampler', shuffle=True),
                collate_fn=dict(type='default_collate'),
            ),
            train_cfg=dict(by_epoch=True, max_epochs=epochs),
            optim_wrapper=dict(optimizer=dict(type='SGD', lr=lr)),
            param_scheduler=[dict(type='CosineAnnealingLR', end=epochs, T_max=epochs)],
            default_scope='mmaction',  # as the conftest sets it
            experiment_name=f'resuming_{kind.__name__}_{tmp_path.name}_{count}',
            **options,
        )
        runner.said = []
        monkeypatch.setattr(runner.logger, 'warning', runner.said.append)
        runner.train()
        return runner

    return run


def said(runner: Runner, part: str) -> str:
    found = [line for line in runner.said if part in line]
    assert len(found) == 1, runner.said
    return found[0]


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-200])


def empty(path: Path) -> None:
    path.write_bytes(b'')


def zero(path: Path) -> None:
    path.write_bytes(bytes(path.stat().st_size))


def flip(path: Path) -> None:
    """One byte of a tensor: torch loads it without a word."""
    content = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        info = next(part for part in archive.infolist() if '/data/' in part.filename)
        content[content.index(archive.read(info), info.header_offset)] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize('damage', [cut, empty, zero, flip])
@pytest.mark.parametrize('explicit', [False, True])
def test_the_checkpoint_before_a_damaged_one(train, tmp_path, damage, explicit) -> None:
    train(3)
    bad, good = tmp_path / 'run' / 'epoch_3.pth', tmp_path / 'run' / 'epoch_2.pth'
    damage(bad)
    runner = train(3, resume=True, load_from=str(bad) if explicit else None)
    line = said(runner, 'Cannot resume')
    assert f'{bad}: it is' in line or f'{bad}: its 0 is damaged' in line
    assert f'the previous checkpoint {good}' in line
    assert '\n' not in line
    assert runner.epoch == 3
    assert damage_of(bad) is None, 'the epoch was trained again'


def test_no_checkpoint_is_whole(train, tmp_path) -> None:
    train(2)
    for name in ('epoch_1.pth', 'epoch_2.pth'):
        cut(tmp_path / 'run' / name)
    with pytest.raises(
        ValueError, match=r'epoch_2\.pth: .* truncated.*epoch_1\.pth: .* new run'
    ) as error:
        train(2, resume=True)
    assert '\n' not in str(error.value)


@pytest.mark.parametrize('kind', [Runner, FlexibleRunner])
def test_weights_without_a_training_state(train, tmp_path, kind) -> None:
    train(1)
    weights = tmp_path / 'weights.pth'
    torch.save(dict(state_dict=Model().state_dict(), meta={}), weights)
    with pytest.raises(ValueError, match=r'weights\.pth: it has weights .* Set load_from'):
        train(2, kind, resume=True, load_from=str(weights))


@pytest.mark.parametrize('kind', [Runner, FlexibleRunner])
def test_a_longer_run_keeps_the_schedule_and_says_so(train, tmp_path, kind) -> None:
    train(2, kind)
    runner = train(4, kind, resume=True)
    line = said(runner, 'schedule')
    assert 'CosineAnnealingLR with' in line
    assert 'T_max=2' in line.split('the config')[0] and 'T_max=4' in line.split('the config')[1]
    assert 'the value is constant from step 2 on' in line
    assert f"load_from='{tmp_path / 'run' / 'epoch_2.pth'}'" in line


def test_a_changed_learning_rate_is_said(train) -> None:
    train(1)
    line = said(train(1, lr=0.3, resume=True), 'schedule')
    assert 'base values=0.1' in line and "the config's base values=0.3 is not used" in line


def test_other_numbers_of_schedules(train) -> None:
    runner = train(1)
    assert schedule_differences(runner.param_schedulers, [], 'a.pth')[0].startswith(
        'a.pth has the state of 0 schedules and the config has 1'
    )


@pytest.mark.parametrize('kind', [Runner, FlexibleRunner])
def test_a_finished_run_says_so(train, kind) -> None:
    train(2, kind)
    line = said(train(2, kind, resume=True), 'finished')
    assert 'from epoch 2 and train_cfg.max_epochs is 2, so nothing is trained' in line


def test_an_ordinary_resume_warns_of_nothing(train) -> None:
    train(3)
    (Path(train(3).work_dir) / 'epoch_3.pth').unlink()
    assert train(3, resume=True).said == []


def test_no_optimizer_state(train) -> None:
    train(1, default_hooks=dict(checkpoint=dict(type='CheckpointHook', save_optimizer=False)))
    assert 'starts from zero' in said(train(1, resume=True), 'has no optimizer state')


def test_what_is_not_a_local_archive_is_left_to_the_loader(tmp_path) -> None:
    assert damage_of('https://example.org/epoch_1.pth') is None
    torch.save(dict(a=1), tmp_path / 'old.pth', _use_new_zipfile_serialization=False)
    assert damage_of(tmp_path / 'old.pth') is None
