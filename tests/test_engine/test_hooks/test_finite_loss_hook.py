"""FiniteLossHook: a loss that is no number does not reach the weights."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from mmaction.structures import ActionDataSample
from mmengine.model import BaseModel
from mmengine.runner import Runner
from torch import nn

from actionclip_mm.engine.hooks import FiniteLossHook, finite_loss_hook
from actionclip_mm.engine.hooks.finite_loss_hook import LossNotFinite, names_of


class Model(BaseModel):
    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(1))

    def forward(self, inputs: list, data_samples: list, mode: str = 'loss') -> dict:
        return dict(loss=(torch.stack(inputs) * self.weight).mean())


def video(name: str, value: float) -> dict:
    sample = ActionDataSample()
    sample.set_metainfo(dict(filename=name))
    return dict(inputs=torch.tensor([value]), data_samples=sample)


@pytest.fixture
def train(tmp_path: Path) -> Callable[..., Runner]:
    """Function: trains on one video with each of the values; the second is called ``two.mp4``."""

    def run(values: list, **hook: int) -> Runner:
        names = ['one.mp4', 'two.mp4', 'three.mp4', 'four.mp4']
        runner = Runner(
            Model(),
            str(tmp_path),
            train_dataloader=dict(
                dataset=[video(*pair) for pair in zip(names, values, strict=False)],
                batch_size=1,
                num_workers=0,
                sampler=dict(type='DefaultSampler', shuffle=False),
            ),
            train_cfg=dict(by_epoch=True, max_epochs=1),
            optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.25)),
            custom_hooks=[dict(type='FiniteLossHook', **hook)],
            default_scope='mmaction',
            experiment_name=f'{tmp_path.name}',
        )
        runner.train()
        return runner

    return run


@pytest.mark.parametrize('bad', [float('nan'), float('inf'), -float('inf')])
def test_stops_before_the_weights_change(bad: float, train: Callable) -> None:
    with pytest.raises(LossNotFinite) as error:
        train([1.0, bad, 1.0])
    message = str(error.value)
    assert 'in iteration 2 of epoch 1 with learning rates 0.25' in message
    assert 'two.mp4' in message and 'one.mp4' not in message
    assert '\n' not in message


def test_weights_are_those_of_the_good_steps(train: Callable) -> None:
    runner = train([1.0, float('nan'), 1.0], max_skipped=1)
    assert runner.model.weight.item() == 1 - 2 * 0.25
    assert runner.message_hub.get_info('skipped_iterations') == 1
    assert runner.message_hub.get_scalar('train/skipped').current() == 1


def test_too_many_are_too_many(train: Callable) -> None:
    with pytest.raises(LossNotFinite, match='iteration 3 .*max_skipped=1'):
        train([1.0, float('nan'), float('nan')], max_skipped=1)


def test_good_losses_pass(train: Callable) -> None:
    assert train([1.0, 2.0]).model.weight.item() == 1 - 3 * 0.25


def test_a_negative_number_is_refused() -> None:
    with pytest.raises(ValueError, match='max_skipped=-1'):
        FiniteLossHook(max_skipped=-1)


def test_the_videos_of_another_process_are_named(
    train: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = [(float('inf'), ['far.mp4']), (2.0, ['fine.mp4'])]
    monkeypatch.setattr(finite_loss_hook, 'all_gather_object', lambda mine: [mine, *others])
    with pytest.raises(LossNotFinite, match=r'loss is nan .* videos are two\.mp4, far\.mp4\.'):
        train([1.0, float('nan')])


def test_every_video_is_named() -> None:
    samples = [video(f'{n}.mp4', 0)['data_samples'] for n in range(40)]
    assert names_of(dict(data_samples=samples)) == [f'{n}.mp4' for n in range(40)]
    assert names_of(None) == []
