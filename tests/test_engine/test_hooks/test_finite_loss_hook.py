"""FiniteLossHook: a loss or gradient that is no number does not reach the weights."""

from argparse import Namespace
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
import torch
from mmaction.structures import ActionDataSample
from mmengine.model import BaseModel
from mmengine.optim import AmpOptimWrapper, OptimWrapper
from mmengine.runner import Runner
from torch import nn

from actionclip_mm.engine.hooks import FiniteLossHook, finite_loss_hook
from actionclip_mm.engine.hooks.finite_loss_hook import LossNotFinite, names_of
from actionclip_mm.performance.host_waits import HostWaits


class Model(BaseModel):
    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(1))

    def forward(self, inputs: list, data_samples: list, mode: str = 'loss') -> dict:
        values = torch.stack(inputs)
        # at 0 the root is finite and its slope is not
        root = (values.clamp(max=0) * self.weight).abs().sqrt() if (values == 0).any() else 0
        return dict(loss=(values * self.weight + root).mean())


class Scaled(AmpOptimWrapper):
    """mmengine's wrapper of fp16, with a scaler that needs no GPU."""

    def __init__(self, scale: float, **kwargs: Any) -> None:
        OptimWrapper.__init__(self, **kwargs)
        self._scale_update_param = None
        self.loss_scaler = torch.amp.GradScaler('cpu', init_scale=scale)
        self.cast_dtype = torch.bfloat16

    def optim_context(self, model: nn.Module) -> AbstractContextManager:
        return OptimWrapper.optim_context(self, model)  # fp32


def video(name: str, value: float) -> dict:
    sample = ActionDataSample()
    sample.set_metainfo(dict(filename=name))
    return dict(inputs=torch.tensor([value]), data_samples=sample)


@pytest.fixture
def train(tmp_path: Path) -> Callable[..., Runner]:
    """Function: trains on one video with each of the values; the second is called ``two.mp4``.

    ``train.model`` is what it trained, where it raised as well.
    """

    def run(
        values: list,
        optim_wrapper: dict | None = None,
        epochs: int = 1,
        resume: bool = False,
        **hook: int,
    ) -> Runner:
        names = ['one.mp4', 'two.mp4', 'three.mp4', 'four.mp4']
        run.model = Model()
        runner = Runner(
            run.model,
            str(tmp_path),
            train_dataloader=dict(
                dataset=[video(*pair) for pair in zip(names, values, strict=False)],
                batch_size=1,
                num_workers=0,
                sampler=dict(type='DefaultSampler', shuffle=False),
            ),
            train_cfg=dict(by_epoch=True, max_epochs=epochs),
            resume=resume,
            optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.25)) | (optim_wrapper or {}),
            custom_hooks=[dict(type='FiniteLossHook', **hook)],
            default_scope='mmaction',
            experiment_name=f'{tmp_path.name}_{len(list(tmp_path.iterdir()))}',  # a hub of its own
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
    assert train.model.weight.item() == 1 - 0.25, 'more than the first step'


def test_weights_are_those_of_the_good_steps(train: Callable) -> None:
    runner = train([1.0, float('nan'), 1.0], max_skipped=1)
    assert runner.model.weight.item() == 1 - 2 * 0.25
    assert runner.message_hub.get_info('skipped_iterations') == 1
    assert runner.message_hub.get_scalar('train/skipped').current() == 1


def test_too_many_are_too_many(train: Callable) -> None:
    with pytest.raises(LossNotFinite, match='iteration 3 .*max_skipped=1'):
        train([1.0, float('nan'), float('nan')], max_skipped=1)


def test_the_count_survives_resume(train: Callable) -> None:
    values = [1.0, float('nan'), 1.0]
    train(values, max_skipped=1)
    with pytest.raises(LossNotFinite, match='iteration 5 of epoch 2'):
        train(values, max_skipped=1, epochs=2, resume=True)


def test_good_losses_pass(train: Callable) -> None:
    assert train([1.0, 2.0]).model.weight.item() == 1 - 3 * 0.25


NORM, VALUE = dict(max_norm=100.0), dict(type='value', clip_value=100.0)


@pytest.mark.parametrize('clip', [None, NORM, VALUE], ids=['plain', 'norm', 'value'])
class TestGradient:
    """A finite loss whose gradient is not; clipping by norm makes all of it NaN."""

    def test_stops_before_the_weights_change(self, clip: dict | None, train: Callable) -> None:
        with pytest.raises(LossNotFinite) as error:
            train([1.0, 0.0, 1.0], dict(clip_grad=clip))
        message = str(error.value)
        assert message.startswith('The loss is finite but its gradient is not in iteration 2 of')
        assert 'epoch 1 with learning rates 0.25; its videos are two.mp4. Check' in message
        assert '\n' not in message
        assert train.model.weight.item() == 1 - 0.25, 'more than the first step'

    def test_weights_are_those_of_the_good_steps(self, clip: dict | None, train: Callable) -> None:
        runner = train([1.0, 0.0, 1.0], dict(clip_grad=clip), max_skipped=1)
        assert runner.model.weight.item() == 1 - 2 * 0.25
        assert runner.message_hub.get_scalar('train/skipped').current() == 1


def test_a_gradient_is_that_of_all_videos_since_the_last_update(train: Callable) -> None:
    with pytest.raises(LossNotFinite, match=r'iteration 2 .* are one\.mp4, two\.mp4\. Check'):
        train([0.0, 1.0, 1.0, 1.0], dict(accumulative_counts=2))
    with pytest.raises(LossNotFinite, match=r'iteration 4 .* are three\.mp4, four\.mp4\. Check'):
        train([1.0, 1.0, 1.0, 0.0], dict(accumulative_counts=2))


def test_a_gradient_whose_norm_is_known_is_not_read(
    train: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    on_all = finite_loss_hook.on_all_processes
    monkeypatch.setattr(
        finite_loss_hook, 'on_all_processes', lambda finite: asked.append(1) or on_all(finite)
    )
    train([1.0, 1.0], dict(clip_grad=NORM), late=False)
    assert len(asked) == 2 + 2, 'once for each loss, and for a number that is known'
    norms = []
    norm = torch._foreach_norm  # clipping calls it with the kind of norm
    monkeypatch.setattr(
        torch, '_foreach_norm', lambda *args: norms.append(len(args)) or norm(*args)
    )
    train([1.0, 1.0], dict(clip_grad=NORM))
    assert norms.count(1) == 0
    train([1.0, 1.0])
    assert norms.count(1) == 2


ADAM = dict(optimizer=dict(type='AdamW', lr=0.25, weight_decay=0.1))
FUSED = dict(optimizer=dict(type='AdamW', lr=0.25, weight_decay=0.1, fused=True))


@pytest.mark.parametrize('wrapper', [ADAM, FUSED], ids=['plain', 'fused'])
@pytest.mark.parametrize(
    'bad, found', [(float('nan'), 'loss is nan'), (0.0, 'its gradient is not')]
)
def test_late_and_early_checks_agree(
    wrapper: dict, bad: float, found: str, train: Callable
) -> None:
    weights, messages = [], []
    for late in (False, True):
        with pytest.raises(LossNotFinite, match=found) as error:
            train([1.0, bad, 1.0], wrapper, late=late)
        weights.append(train.model.weight.item())
        messages.append(str(error.value))
    assert weights[0] == weights[1] != 1
    assert messages[0] == messages[1] and 'iteration 2' in messages[0]


@pytest.mark.parametrize('fused, waits', [(False, 1), (True, 0)])
def test_how_often_a_step_waits_for_the_device(fused: bool, waits: int) -> None:
    runner = Namespace(message_hub=None, optim_wrapper=None)
    model = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 1))
    optimizer = torch.optim.SGD(model.parameters(), 0.1, fused=fused)
    runner.optim_wrapper = OptimWrapper(optimizer)
    hook = FiniteLossHook()
    hook.before_train(runner)
    for _ in range(2):
        with HostWaits() as counter:
            runner.optim_wrapper.update_params(model(torch.ones(2, 4)).mean())
        assert counter.count == waits
        hook.after_train_iter(runner, 0)


@pytest.mark.skipif(not hasattr(torch.amp, 'GradScaler'), reason='scalers for CPUs are newer')
@pytest.mark.parametrize('fused', [False, True])
class TestScaler:
    """fp16 on a GPU, played by fp32 with a scale near the end of its range."""

    def scaled(self, scale: float, fused: bool) -> dict:
        wrapper = dict(type=Scaled, scale=scale)
        if fused:
            wrapper['optimizer'] = dict(type='SGD', lr=0.25, fused=True)
        return wrapper

    def test_overflows_are_left_out_and_counted(
        self, train: Callable, fused: bool, tmp_path: Path
    ) -> None:
        runner = train([1.0, 3.0, 1.0], self.scaled(2.0**127, fused))  # 3 · 2^127 is infinite
        assert runner.model.weight.item() == 1 - 2 * 0.25
        assert runner.optim_wrapper.loss_scaler.get_scale() == 2.0**126
        assert runner.message_hub.get_info('overflows') == 1
        assert runner.message_hub.get_scalar('train/overflows').current() == 1
        assert runner.message_hub.get_info('skipped_iterations', 0) == 0
        (log,) = tmp_path.glob('*/*.log')
        assert 'in iteration 2 and the step was skipped (1 in this run)' in log.read_text()

    def test_a_gradient_that_is_infinite_at_any_scale(self, train: Callable, fused: bool) -> None:
        with pytest.raises(LossNotFinite, match=r'gradient is not finite, whatever .*two\.mp4\.'):
            train([1.0, 0.0], self.scaled(1.0, fused))
        runner = train([1.0, 0.0, 1.0], self.scaled(1.0, fused), max_skipped=1)
        assert runner.model.weight.item() == 1 - 2 * 0.25

    def test_updates_are_not_counted(self, train: Callable, fused: bool) -> None:
        runner = train([1.0, 2.0], self.scaled(2.0**16, fused))
        assert runner.model.weight.item() == 1 - 3 * 0.25
        assert runner.message_hub.get_info('overflows', 0) == 0


def test_a_negative_number_is_refused() -> None:
    with pytest.raises(ValueError, match='max_skipped must be at least 0, got -1'):
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
