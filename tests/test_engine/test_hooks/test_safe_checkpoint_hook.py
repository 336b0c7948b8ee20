"""SafeCheckpointHook: a crash while saving leaves the last and the best checkpoint."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from mmaction.registry import HOOKS
from mmengine.evaluator import BaseMetric, Evaluator
from mmengine.fileio import LocalBackend
from mmengine.hooks import CheckpointHook
from mmengine.model import BaseModel
from mmengine.runner import Runner
from torch import nn

from actionclip_mm.utils.whole_files import PART


class Line(BaseModel):
    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(1, 1)

    def forward(self, x: list, mode: str = 'tensor') -> dict | list:
        out = self.linear(torch.stack(x))
        return dict(loss=out.square().mean()) if mode == 'loss' else list(out)


class Better(BaseMetric):
    """Better with each epoch."""

    count = 0

    def process(self, data_batch: object, data_samples: object) -> None:
        self.results.append(0)

    def compute_metrics(self, results: list) -> dict:
        Better.count += 1
        return dict(acc=float(Better.count))


@pytest.fixture
def make_runner(tmp_path: Path) -> Callable[..., Runner]:
    def make(hook: str, epochs: int) -> Runner:
        loader = dict(
            dataset=[dict(x=torch.ones(1))] * 2, batch_size=1, num_workers=0,
            sampler=dict(type='DefaultSampler', shuffle=False),
        )  # fmt: skip
        keep = dict(type=hook, interval=1, max_keep_ckpts=1, save_best='acc')
        return Runner(
            Line(),
            str(tmp_path),
            train_dataloader=loader,
            val_dataloader=loader,
            train_cfg=dict(by_epoch=True, max_epochs=epochs),
            val_cfg=dict(),
            val_evaluator=Evaluator(Better()),
            optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.1)),
            default_hooks=dict(checkpoint=keep),
            experiment_name=f'{tmp_path.name}_{hook}_{epochs}',
            default_scope='mmaction',
        )

    return make


def checkpoints(folder: Path) -> set[str]:
    return {path.name for path in folder.glob('*.pth')}


def train_until_saving(runner: Runner, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Trains; the run is interrupted when it is to save a checkpoint of that name."""
    save = runner.save_checkpoint

    def crash(out_dir: str, filename: str, *args: object, **kwargs: object) -> None:
        if filename == name:
            raise KeyboardInterrupt
        save(out_dir, filename, *args, **kwargs)

    monkeypatch.setattr(runner, 'save_checkpoint', crash)
    with pytest.raises(KeyboardInterrupt):
        runner.train()


def test_it_keeps_what_the_hosts_hook_keeps(make_runner: Callable, tmp_path: Path) -> None:
    make_runner('SafeCheckpointHook', 3).train()
    assert checkpoints(tmp_path) == {'epoch_3.pth', 'best_acc_epoch_3.pth'}
    assert (tmp_path / 'last_checkpoint').read_text().endswith('epoch_3.pth')


@pytest.mark.parametrize(
    ('hook', 'left'),
    [
        ('SafeCheckpointHook', {'epoch_1.pth', 'best_acc_epoch_1.pth'}),
        ('CheckpointHook', {'best_acc_epoch_1.pth'}),  # why there is one of our own
    ],
)
def test_a_crash_while_saving_the_second_epoch(
    hook: str, left: set, make_runner: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runner = make_runner(hook, 2)
    train_until_saving(runner, 'epoch_2.pth', monkeypatch)
    assert checkpoints(tmp_path) == left


def test_a_crash_while_saving_the_second_best(
    make_runner: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runner = make_runner('SafeCheckpointHook', 2)
    train_until_saving(runner, 'best_acc_epoch_2.pth', monkeypatch)
    assert checkpoints(tmp_path) == {'epoch_2.pth', 'best_acc_epoch_1.pth'}


def test_it_is_a_checkpoint_hook() -> None:
    """mmengine looks for that class by kind."""
    assert issubclass(HOOKS.get('SafeCheckpointHook'), CheckpointHook)


def resume(make_runner: Callable, epochs: int) -> None:
    runner = make_runner('SafeCheckpointHook', epochs)
    runner._resume = True
    runner.train()


@pytest.mark.parametrize('old', ['epoch_1.pth', 'best_acc_epoch_1.pth'])
def test_leftovers_of_a_crash_go(
    old: str, make_runner: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    remove = LocalBackend.remove

    def crash(self: LocalBackend, path: str) -> None:
        if path.endswith(f'/{old}'):
            raise KeyboardInterrupt
        remove(self, path)

    with monkeypatch.context() as patch:
        patch.setattr(LocalBackend, 'remove', crash)
        with pytest.raises(KeyboardInterrupt):
            make_runner('SafeCheckpointHook', 2).train()
    assert old in checkpoints(tmp_path)
    half = tmp_path / f'.epoch_2.pth.abc{PART}'
    half.touch()
    (tmp_path / 'my.pth').touch()
    resume(make_runner, 3)
    assert checkpoints(tmp_path) == {'epoch_3.pth', 'best_acc_epoch_3.pth', 'my.pth'}
    assert not half.exists()


def test_a_copied_folder_leaves_the_first_one_alone(make_runner: Callable, tmp_path: Path) -> None:
    make_runner('SafeCheckpointHook', 1).train()
    first = tmp_path / 'first'
    first.mkdir()
    for name in checkpoints(tmp_path):
        (first / name).write_bytes((tmp_path / name).read_bytes())
    # as if the run had been in there, and this were the copy
    content = torch.load(tmp_path / 'epoch_1.pth')
    content['message_hub']['runtime_info']['best_ckpt'] = str(first / 'best_acc_epoch_1.pth')
    torch.save(content, tmp_path / 'epoch_1.pth')
    resume(make_runner, 2)
    assert checkpoints(first) == {'epoch_1.pth', 'best_acc_epoch_1.pth'}
    assert checkpoints(tmp_path) == {'epoch_2.pth', 'best_acc_epoch_2.pth'}
