"""Stop training on a NaN or Inf loss or gradient before the optimizer step."""

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import torch
from mmaction.registry import HOOKS
from mmengine.dist import all_gather_object, all_reduce
from mmengine.hooks import Hook
from mmengine.logging import print_log
from mmengine.optim import OptimWrapper
from mmengine.runner import Runner
from torch import Tensor
from torch.optim import Optimizer

from ...utils import UserError


class LossNotFinite(UserError, RuntimeError):
    """The loss or its gradient is NaN or infinite."""


@HOOKS.register_module()
class FiniteLossHook(Hook):
    """Check the loss before each backward pass, and the gradient before each optimizer step.

    All processes stop at once. The error names the iteration, the learning rates and the videos of
    each process with such a loss (of all processes, if the loss is that of the global batch). A
    gradient belongs to all videos since the last optimizer step.

    Checking the gradient is free if its norm is known (``clip_grad``, fp16 gradient scaler);
    otherwise every gradient is read once per step. With ``max_skipped=0`` and one batch per step,
    loss and gradient are checked together before the optimizer step, so that the host waits for the
    device once; a fused optimizer skips the step on the device and the host does not wait at all
    (``late=False`` checks the loss of each iteration before its backward pass).

    Steps that the scaler skips are normal while it adapts its scale. They are logged and counted in
    ``train/overflows``; below a scale of 1, where scaling is not the cause, they count as skipped.

    Args:
        max_skipped: Iterations that may be skipped in a run; each is logged and counted in
            ``train/skipped``. Defaults to 0: stop at the first one.
        late: Whether the loss may be checked together with the gradient. Defaults to True.

    Raises:
        ValueError: ``max_skipped`` is negative.
        LossNotFinite: Raised in training.
    """

    priority = 'VERY_HIGH'  # before hooks that look at the loss

    def __init__(self, max_skipped: int = 0, late: bool = True) -> None:
        if max_skipped < 0:
            raise ValueError(f'FiniteLossHook.max_skipped must be at least 0, got {max_skipped}.')
        self.max_skipped = max_skipped
        self.late = late
        self._loss: Tensor | None = None  # whose check is due at the optimizer step
        self._broken: Tensor | None = None  # of a fused step: whether loss and gradient are broken
        self.batch: Any = None
        self._videos: list[str] = []  # since the last update
        self._updated = False

    def before_train(self, runner: Runner) -> None:
        """Insert checks before the backward pass and before the optimizer step."""
        wrapper = runner.optim_wrapper
        steps_alone = isinstance(getattr(wrapper, 'optimizer', None), Optimizer)
        self._is_late = (
            self.late
            and self.max_skipped == 0
            and steps_alone
            and not has_scaler(wrapper)
            and getattr(wrapper, '_accumulative_counts', 2) == 1
        )
        wrapper.update_params = self._if_finite(runner, wrapper.update_params)
        wrapper.step = self._watched(runner, wrapper.step)
        if steps_alone:  # not DeepSpeed's
            wrapper.optimizer.register_step_pre_hook(partial(self._before_update, runner))

    def before_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any | None = None
    ) -> None:
        """Keep the batch, to name its videos."""
        self.batch = data_batch

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: Any | None = None,
        outputs: dict | None = None,
    ) -> None:
        """Read what a fused step found; the host waits for the losses now in any case."""
        broken, self._broken = self._broken, None
        if broken is not None:
            self._report_broken(runner, broken)

    def _if_finite(self, runner: Runner, update: Callable) -> Callable:
        def update_params(loss: Tensor, *args: Any, **kwargs: Any) -> None:
            if self._is_late:
                self._loss, self._videos = loss.detach(), names_of(self.batch)
                update(loss, *args, **kwargs)
            elif on_all_processes(loss.detach().isfinite().all()):
                self._videos += names_of(self.batch)
                update(loss, *args, **kwargs)
            else:
                self._report_loss(runner, loss)

        return update_params

    def _watched(self, runner: Runner, step: Callable) -> Callable:
        """Wrap the step of the optim wrapper, which may skip that of the optimizer."""

        wrapper = runner.optim_wrapper

        def watched_step(**kwargs: Any) -> None:
            self._updated = False
            step(**kwargs)
            if self._broken is not None:
                del wrapper.optimizer.found_inf
            if has_scaler(runner.optim_wrapper) and not self._updated:
                self._note_overflow(runner)
            if not self._is_late:  # else the next step replaces them
                self._videos = []

        return watched_step

    def _before_update(self, runner: Runner, optimizer: Optimizer, *_: Any) -> None:
        """Step pre-hook; not called if a scaler found an overflow."""
        if self._is_late:
            self._check_together(runner, optimizer)
            return
        if getattr(optimizer, 'found_inf', False):  # fused optimizers are called and skip the step
            return
        self._updated = True
        if not on_all_processes(finite_gradient(runner.optim_wrapper)):
            self._report_gradient(runner, 'The loss is finite but its gradient is not')
            optimizer.zero_grad()  # parameters without gradient are not updated

    def _check_together(self, runner: Runner, optimizer: Optimizer) -> None:
        """Check loss and gradient; a fused optimizer skips the step itself."""
        assert self._loss is not None
        finite = [self._loss.isfinite().all(), finite_gradient(runner.optim_wrapper)]
        broken = (~torch.stack([part.to(self._loss.device) for part in finite])).float()  # [2]
        all_reduce(broken, 'max')
        if all(group.get('fused') for group in optimizer.param_groups):
            optimizer.found_inf = broken.amax()  # type: ignore[attr-defined]
            self._broken = broken
        else:
            self._report_broken(runner, broken)

    def _report_broken(self, runner: Runner, broken: Tensor) -> None:
        """Stop if the loss or the gradient was broken."""
        if not broken.any():  # the host waits here
            return
        of_loss, of_gradient = broken.tolist()
        if of_loss:
            assert self._loss is not None
            self._report_loss(runner, self._loss)
        if of_gradient:
            self._report_gradient(runner, 'The loss is finite but its gradient is not')

    def _note_overflow(self, runner: Runner) -> None:
        hub, scale = runner.message_hub, runner.optim_wrapper.loss_scaler.get_scale()
        count = int(hub.get_info('overflows', 0)) + 1
        hub.update_info('overflows', count)  # saved, so that --resume counts on
        hub.update_scalar('train/overflows', count)
        print_log(
            f'The gradient overflowed in iteration {runner.iter + 1} and the step was skipped '
            f'({count} in this run); the loss scale is now {scale:g}.',
            'current',
        )
        if scale < 1:
            self._report_gradient(runner, 'The gradient is not finite, whatever the loss scale')

    def _report_loss(self, runner: Runner, loss: Tensor) -> None:
        reports = all_gather_object((float(loss.detach().sum()), names_of(self.batch)))
        broken = [(value, names) for value, names in reports if not math.isfinite(value)]
        videos = [name for _, names in broken for name in names]
        self._skip_or_stop(runner, f'The loss is {broken[0][0]}', videos)

    def _report_gradient(self, runner: Runner, what: str) -> None:
        videos = [name for names in all_gather_object(self._videos) for name in names]
        self._skip_or_stop(runner, what, videos)

    def _skip_or_stop(self, runner: Runner, what: str, videos: list[str]) -> None:
        hub = runner.message_hub
        skipped = int(hub.get_info('skipped_iterations', 0)) + 1
        rates = sorted(set(_numbers(runner.optim_wrapper.get_lr())))
        what = (
            f'{what} in iteration {runner.iter + 1} of epoch {runner.epoch + 1} with learning '
            f'rates {", ".join(f"{rate:.3g}" for rate in rates)}; its videos are '
            f'{", ".join(videos) or "unknown"}'
        )
        if skipped > self.max_skipped:
            raise LossNotFinite(
                f'{what}. Check these videos, lower the learning rate, set '
                'optim_wrapper.clip_grad, or let FiniteLossHook skip some iterations '
                f'(max_skipped={self.max_skipped}).'
            )
        hub.update_info('skipped_iterations', skipped)  # saved, so that --resume counts on
        hub.update_scalar('train/skipped', skipped)
        print_log(f'{what}. Skipped ({skipped} of at most {self.max_skipped}).', 'current')


def finite_gradient(wrapper: OptimWrapper) -> Tensor:
    """Whether the gradient of the next step is finite in this process, a bool scalar."""
    if has_scaler(wrapper):
        return torch.tensor(True)  # the scaler has checked
    if wrapper.clip_grad_kwargs and wrapper.grad_name == 'grad_norm':
        # of the whole gradient, the same on all processes; the host has waited for it
        norm = wrapper.message_hub.get_scalar('train/grad_norm').current()
        return torch.tensor(math.isfinite(norm))
    groups = wrapper.optimizer.param_groups
    grads = [p.grad for group in groups for p in group['params'] if p.grad is not None]
    if not grads:
        return torch.tensor(True)
    # one launch for all of them, if they are dense and on one device
    norms = torch._foreach_norm(grads)  # noqa: SLF001
    return torch.stack([norm.to(norms[0].device) for norm in norms]).isfinite().all()


def has_scaler(wrapper: OptimWrapper) -> bool:
    """Whether a gradient scaler decides which steps are made."""
    scaler = getattr(wrapper, 'loss_scaler', None)
    return scaler is not None and scaler.is_enabled()


def on_all_processes(finite: Tensor) -> bool:
    """Whether it is True on all processes, so that none waits for one that stopped."""
    broken = (~finite).float()
    all_reduce(broken, 'max')
    return not broken.item()


def names_of(batch: Any) -> list[str]:
    """Names of all videos in a batch."""
    samples: Sequence = (batch or {}).get('data_samples', []) if isinstance(batch, dict) else []
    return [str(sample.metainfo.get('filename', 'unnamed')) for sample in samples]


def _numbers(rates: dict[str, list[float]]) -> list[float]:
    return [float(torch.as_tensor(rate)) for values in rates.values() for rate in values]
