"""ExactResumeHook: what a resumed run meets, whatever loader and data set it has."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from mmaction.registry import DATASETS
from mmengine.dataset import BaseDataset
from mmengine.evaluator import BaseMetric, Evaluator
from mmengine.hooks import Hook
from mmengine.model import BaseModel
from mmengine.runner import Runner
from torch import Tensor, nn

from actionclip_mm.datasets.sample_seeds import SampleSeeds

EPOCHS = 4


class Draws(BaseDataset):
    """Six samples: index and a random number."""

    def __init__(self) -> None:
        self.seeds = SampleSeeds()
        super().__init__(serialize_data=False)

    def load_data_list(self) -> list[dict]:
        return [dict(index=index) for index in range(6)]

    def set_epoch(self, seed: int, epoch: int, repeats: bool) -> None:
        self.seeds.set_epoch(seed, epoch, repeats)

    def prepare_data(self, idx: int) -> dict:
        self.seeds.seed(idx)
        return dict(sample=torch.tensor([idx, np.random.random()]))


class Model(BaseModel):
    """Keeps what it is given; its own random number is in there too."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))
        self.seen: list[list[float]] = []

    def forward(self, sample: Tensor, mode: str = 'loss') -> Any:
        if mode != 'loss':
            return [0]
        self.seen.append([*sample.flatten().tolist(), float(torch.rand(()))])
        return dict(loss=(self.weight - sample.mean()).square().mean())


class Falling(BaseMetric):
    """Best in the first epoch, so that later ones are not saved again."""

    def process(self, data_batch: object, data_samples: object) -> None:
        self.results.append(0)

    def compute_metrics(self, results: list) -> dict:
        return dict(acc=0.5)


class Crash(Hook):
    """Ends a run after so many iterations."""

    def __init__(self, after: int) -> None:
        self.after = after

    def after_train_iter(self, runner: Runner, *args: object, **kwargs: object) -> None:
        if runner.iter + 1 == self.after:
            raise KeyboardInterrupt


class CountValidations(Hook):
    def __init__(self) -> None:
        self.epochs: list[int] = []

    def before_val(self, runner: Runner) -> None:
        self.epochs.append(runner.epoch)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Runner]:
    monkeypatch.setitem(DATASETS.module_dict, 'Draws', Draws)
    count = 0

    def start(name: str = 'run', crash: int = 0, **options: Any) -> Runner:
        nonlocal count
        count += 1
        loader = dict(
            dataset=options.get('dataset', dict(type='Draws')),
            batch_size=2,
            collate_fn=dict(type='default_collate'),
            sampler=dict(type=options.get('sampler', 'DefaultSampler'), shuffle=True),
            num_workers=options.get('workers', 0),
            persistent_workers=options.get('persistent', False),
        )
        counted = CountValidations()
        train_cfg = options.get('train_cfg', dict(by_epoch=True, max_epochs=EPOCHS))
        by_epoch = train_cfg['by_epoch']
        runner = Runner(
            Model(),
            str(tmp_path / name),
            train_dataloader=loader,
            train_cfg=train_cfg,
            val_dataloader=dict(
                dataset=dict(type='Draws'), batch_size=6, num_workers=0,
                collate_fn=dict(type='default_collate'),
                sampler=dict(type='DefaultSampler', shuffle=False),
            ) if options.get('validate') else None,
            val_cfg=dict() if options.get('validate') else None,
            val_evaluator=Evaluator(Falling()) if options.get('validate') else None,
            optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.1)),
            default_hooks=dict(
                checkpoint=dict(
                    type='SafeCheckpointHook', save_best=options.get('validate'),
                    interval=1 if by_epoch else 3, by_epoch=by_epoch,
                )
            ),
            custom_hooks=[
                dict(type='ExactResumeHook'), *([Crash(crash)] if crash else []), counted
            ],
            randomness=dict(seed=options.get('seed')),
            resume=options.get('resume', False),
            experiment_name=f'{tmp_path.name}_{count}',
            default_scope='mmaction',
        )  # fmt: skip
        runner.validations = counted.epochs
        try:
            runner.train()
        except KeyboardInterrupt:
            assert crash
        return runner

    return start


REPEATED = dict(type='RepeatDataset', times=2, dataset=dict(type='Draws'))


@pytest.mark.parametrize(
    'options',
    [
        dict(),
        dict(workers=2),
        dict(workers=2, persistent=True),
        dict(dataset=REPEATED),
        dict(dataset=REPEATED, workers=2, persistent=True),
        dict(
            sampler='InfiniteSampler',
            train_cfg=dict(by_epoch=False, max_iters=12, val_interval=100),
        ),
    ],
    ids=['plain', 'workers', 'persistent', 'repeated', 'repeated by workers', 'iterations'],
)
def test_a_resumed_run_sees_the_same(options: dict, run: Callable) -> None:
    hooks = dict(seed=5)
    straight = run('straight', **hooks, **options)
    steps = len(straight.model.seen)
    crashed = run('crashed', crash=steps // 2 + 1, **hooks, **options)
    resumed = run('crashed', resume=True, **hooks, **options)
    assert crashed.model.seen == straight.model.seen[: steps // 2 + 1]
    assert 0 < len(resumed.model.seen) < steps
    assert resumed.model.seen == straight.model.seen[-len(resumed.model.seen) :]
    assert torch.equal(resumed.model.weight, straight.model.weight)
    numbers = [number for batch in straight.model.seen for number in (batch[1], batch[3])]
    assert len(set(numbers)) == len(numbers), 'a sample is augmented alike twice'


def test_a_seed_that_was_drawn_is_kept(run: Callable) -> None:
    """mmengine builds the sampler before it reads the checkpoint, with another drawn seed."""
    run('crashed', crash=7)
    resumed = run('crashed', resume=True)
    straight = run('straight', seed=resumed.seed)
    assert resumed.model.seen == straight.model.seen[-len(resumed.model.seen) :]


def test_a_validation_that_was_not_saved_is_made_up_for(run: Callable) -> None:
    crashed = run(crash=7, validate='acc')
    assert crashed.validations == [1, 2]
    assert run(resume=True, validate='acc').validations == [2, 3, 4]


def test_a_validation_that_was_saved_is_not_repeated(run: Callable) -> None:
    run(crash=4, validate='acc')  # the first epoch is the best, and saved again
    assert run(resume=True, validate='acc').validations == [2, 3, 4]


def test_a_run_that_is_done_stays_so(run: Callable) -> None:
    weight = run(validate='acc').model.weight
    resumed = run(resume=True, validate='acc')
    assert resumed.model.seen == []
    assert resumed.validations == [4]  # no better than the first one, so it was not saved
    assert torch.equal(resumed.model.weight, weight)
