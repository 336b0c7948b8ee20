"""Try a config before its training: memory, time and parameters, measured in a process of its own.

    python -m actionclip_mm.finetuning.trial CONFIG OUT.json [--cfg-options ...]

The second training step reaches the peak of a training (activations, gradients and the state of the
optimizer at once); while steps are fast, more of them let the allocator and the decoding processes
settle. Validation batches and a checkpoint may exceed that and are made too. Steps follow the first
validation: pages that they change stay in the memory of its decoding processes. Nothing of the
trial remains but its numbers.
"""

import argparse
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from mmaction.registry import HOOKS
from mmengine.config import DictAction
from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch import nn

from ..utils import read_config, write_json
from .memory import peak_bytes

FEWEST, MOST = 3, 30  # training steps
BUDGET = 6.0  # seconds, after which no step is added
VAL_BATCHES = 4
SAMPLES = 3  # clips that are read to time the pipeline


@dataclass
class Trial:
    """What was measured.

    Attributes:
        parameters: Part of the model -> parameters that learn, and that are frozen.
        memory: Peak bytes of the process and its decoding processes.
        gpu_memory: Peak bytes that torch reserved on the GPU, 0 on a CPU.
        device: 'cpu' or the name of the GPU.
        start: Seconds until the first step.
        step: Seconds of a training step without reading its clips.
        test_step: Seconds of a validation batch without reading its clips.
        sample: Seconds to read a clip.
        saving: Seconds to write a checkpoint.
    """

    parameters: dict[str, tuple[int, int]] = field(default_factory=dict)
    memory: int = 0
    gpu_memory: int = 0
    device: str = 'cpu'
    start: float = 0.0
    step: float = 0.0
    test_step: float = 0.0
    sample: float = 0.0
    saving: float = 0.0


@HOOKS.register_module()
class TrialHook(Hook):
    """Fill a :class:`Trial` from a run."""

    priority = 'VERY_LOW'

    def __init__(self, trial: Trial) -> None:
        self.trial = trial
        self.before = self.first = time.monotonic()

    def before_train(self, runner: Runner) -> None:
        self.trial.parameters = count_parameters(runner.model)

    def before_train_epoch(self, runner: Runner) -> None:
        dataset = runner.train_dataloader.dataset
        started = time.monotonic()
        for index in range(SAMPLES):
            dataset[index % len(dataset)]
        self.trial.sample = (time.monotonic() - started) / SAMPLES

    def before_train_iter(self, runner: Runner, *_args: Any, **_kwargs: Any) -> None:
        self.before = time.monotonic()
        if runner.iter == 0:
            self.first = self.before

    def after_train_iter(self, runner: Runner, *_args: Any, **_kwargs: Any) -> None:
        self.trial.step = self._since()
        done = runner.iter + 1
        if done == FEWEST - 1:  # the order of an epoch
            self._save(runner)
            runner.val_loop.run()
        if done >= FEWEST and (time.monotonic() - self.first > BUDGET or done >= MOST):
            runner.train_loop.stop_training = True

    def before_val_iter(self, *_args: Any, **_kwargs: Any) -> None:
        self.before = time.monotonic()

    def after_val_iter(self, *_args: Any, **_kwargs: Any) -> None:
        self.trial.test_step = self._since()
        self._note_memory()  # while the decoding processes are there

    def after_train(self, runner: Runner) -> None:
        self._save(runner)
        runner.val_loop.run()
        if torch.cuda.is_available():
            self.trial.gpu_memory = torch.cuda.max_memory_reserved()
            self.trial.device = torch.cuda.get_device_name()

    def _save(self, runner: Runner) -> None:
        self.before = time.monotonic()
        runner.save_checkpoint(runner.work_dir, 'trial.pth', by_epoch=False)
        self.trial.saving = self._since()

    def _note_memory(self) -> None:
        self.trial.memory = max(self.trial.memory, peak_bytes())

    def _since(self) -> float:
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        return time.monotonic() - self.before


def count_parameters(model: nn.Module) -> dict[str, tuple[int, int]]:
    """Parameters that learn and that are frozen, by part of the figure."""
    parts = {'image tower': 'backbone.', 'visual prompt': 'neck.', 'text tower': 'cls_head.'}
    found = {name: [0, 0] for name in parts}
    for name, parameter in model.named_parameters():
        part = next((part for part, start in parts.items() if name.startswith(start)), None)
        if 'visual_prompt' in name:
            part = 'visual prompt'
        if part is not None:
            found[part][not parameter.requires_grad] += parameter.numel()
    return {name: (learns, frozen) for name, (learns, frozen) in found.items() if learns + frozen}


def try_config(path: Path, options: dict[str, Any] | None) -> Trial:
    """Run the trial of a config in this process."""
    started = time.monotonic()
    config = read_config(path)
    config.merge_from_dict(options or {})
    trial = Trial()
    with TemporaryDirectory(prefix='.trial-', dir=path.parent) as scratch:
        config.work_dir = scratch
        end = MOST + 1  # never reached, and so is the loop's own validation
        config.train_cfg = dict(type='IterBasedTrainLoop', max_iters=end, val_interval=end)
        config.param_scheduler = None
        config.preflight = False  # the training asks
        size = VAL_BATCHES * config.val_dataloader.batch_size
        config.val_dataloader.dataset.indices = size
        config.log_processor.by_epoch = False
        config.default_hooks.pop('exact_resume', None)
        config.default_hooks.checkpoint = dict(type='CheckpointHook', interval=-1)
        runner = Runner.from_cfg(config)
        hook = TrialHook(trial)
        runner.register_hook(hook)
        runner.train()
        trial.start = hook.first - started
    return trial


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', type=Path)
    parser.add_argument('out', type=Path)
    parser.add_argument('--cfg-options', nargs='+', action=DictAction)
    args = parser.parse_args(argv)
    from ..compat import at_run  # noqa: F401  applies what a run needs

    write_json(args.out, asdict(try_config(args.config, args.cfg_options)))


if __name__ == '__main__':
    main()
