"""A loss that is no number stops the run before it has spoilt the weights, and says where."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import torch
from mmaction.registry import HOOKS
from mmengine.dist import all_gather_object, all_reduce
from mmengine.hooks import Hook
from mmengine.logging import print_log
from mmengine.runner import Runner
from torch import Tensor


class LossNotFinite(RuntimeError):
    """The loss is NaN or infinite."""


@HOOKS.register_module()
class FiniteLossHook(Hook):
    """Looks at the loss of each iteration between forward pass and update.

    Stops all processes at once, with the iteration, the learning rates and the videos of each
    process whose loss it is (of all, where the loss is that of the global batch). Gradients that
    overflow in fp16 are not its business: the gradient scaler leaves out such steps by itself.

    Args:
        max_skipped: How many iterations may be left out instead, counted over the run; each is
            logged, and ``train/skipped`` has their number. Defaults to 0: the first one stops.

    Raises:
        ValueError: ``max_skipped`` below 0.
        LossNotFinite: While training.
    """

    priority = 'VERY_HIGH'  # before hooks that look at the loss

    def __init__(self, max_skipped: int = 0) -> None:
        if max_skipped < 0:
            raise ValueError(f'max_skipped={max_skipped} is no number of steps: set 0 or more.')
        self.max_skipped = max_skipped
        self.batch: Any = None

    def before_train(self, runner: Runner) -> None:
        """Puts itself in front of the update of the weights."""
        wrapper = runner.optim_wrapper
        wrapper.update_params = self._if_finite(runner, wrapper.update_params)

    def before_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any | None = None
    ) -> None:
        """Remembers whose loss is coming."""
        self.batch = data_batch

    def _if_finite(self, runner: Runner, update: Callable) -> Callable:
        def update_params(loss: Tensor, *args: Any, **kwargs: Any) -> None:
            # one process would wait forever for the gradients of another that has stopped
            broken = (~loss.detach().isfinite().all()).float()
            all_reduce(broken, 'max')
            if not broken.item():
                update(loss, *args, **kwargs)
            else:
                self._skip_or_stop(runner, loss)

        return update_params

    def _skip_or_stop(self, runner: Runner, loss: Tensor) -> None:
        hub = runner.message_hub
        skipped = int(hub.get_info('skipped_iterations', 0)) + 1
        rates = runner.optim_wrapper.get_lr()
        reports = all_gather_object((float(loss.detach().sum()), names_of(self.batch)))
        broken = [(value, names) for value, names in reports if not math.isfinite(value)]
        videos = [name for _, names in broken for name in names]
        what = (
            f'The loss is {broken[0][0]} in iteration {runner.iter + 1} of epoch '
            f'{runner.epoch + 1} with learning rates '
            f'{", ".join(f"{rate:.3g}" for rate in sorted(set(_numbers(rates))))}; its videos are '
            f'{", ".join(videos) or "unknown"}'
        )
        if skipped > self.max_skipped:
            raise LossNotFinite(
                f'{what}. Look at these videos, lower the learning rate, set '
                'optim_wrapper.clip_grad, or let FiniteLossHook leave out some iterations '
                f'(max_skipped={self.max_skipped}).'
            )
        hub.update_info('skipped_iterations', skipped)  # saved, so that --resume counts on
        hub.update_scalar('train/skipped', skipped)
        print_log(f'{what}; left out, {skipped} of at most {self.max_skipped}.', 'current')


def names_of(batch: Any) -> list[str]:
    """Names of the videos in a batch, all of them: each may be the one to look at."""
    samples: Sequence = (batch or {}).get('data_samples', []) if isinstance(batch, dict) else []
    return [str(sample.metainfo.get('filename', 'without a name')) for sample in samples]


def _numbers(rates: dict[str, list[float]]) -> list[float]:
    return [float(torch.as_tensor(rate)) for values in rates.values() for rate in values]
