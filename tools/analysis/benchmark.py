"""Measures what options cost, as ratios to the plain model on the same machine.

Usage: python tools/analysis/benchmark.py frozen \
           configs/actionclip/actionclip_vit-b-32_transf_k400_8f.py --videos 8 --frames 8
       python tools/analysis/benchmark.py views \
           configs/actionclip/actionclip_vit-b-32_transf_k400_8f.py --views 30 --at-once 5
"""

import argparse
import copy
import sys
import time
from collections.abc import Callable, Hashable
from functools import partial
from pathlib import Path
from typing import TypeVar

sys.path += map(str, Path(__file__).resolve().parents[1:3])  # of what is not installed

from _entry import run_tool

# isort: split
import torch
from mmaction.structures import ActionDataSample
from mmengine.config import Config
from mmengine.logging import MMLogger
from mmengine.registry import init_default_scope
from torch import nn
from torch.profiler import ProfilerActivity, profile

import actionclip_mm  # noqa: F401  registers the components
from actionclip_mm.clip.hub import skip_loading_weights

Key = TypeVar('Key', bound=Hashable)

# what is frozen of the image tower and of the text tower, whether sentences are encoded once
FROZEN = {
    'nothing': (-1, -1, False),
    'text tower, sentences encoded in each step': (-1, 'all', False),
    'text tower': (-1, 'all', True),
    'image tower': ('all', -1, False),
    'both towers': ('all', 'all', True),
}


class Step:
    """Forward and backward pass of a model at random weights on random videos."""

    def __init__(self, model_cfg: dict, args: argparse.Namespace, once: bool) -> None:
        from mmaction.registry import MODELS

        torch.manual_seed(0)
        with skip_loading_weights():
            self.model: nn.Module = MODELS.build(model_cfg).train().to(args.device)
        size = self.model.backbone.preprocess.size
        self.videos = torch.randn(args.videos, 1, 3, args.frames, *size, device=args.device)
        self.samples = [
            ActionDataSample().set_gt_label(index % args.classes) for index in range(args.videos)
        ]
        encoder = self.model.cls_head.label_encoder
        encoder.learns = not once
        if once:  # as after the first iterations, when all sentences have come
            with torch.no_grad():
                encoder()

    def loss(self) -> torch.Tensor:
        return self.model(self.videos, self.samples, mode='loss')['loss_cls']

    def __call__(self) -> None:
        self.loss().backward()
        self.model.zero_grad()  # its memory is another step's

    def kept_bytes(self) -> int:
        """What autograd keeps for the backward pass beside the weights."""
        weights = {p.data_ptr() for p in self.model.parameters()}
        kept: dict[int, int] = {}

        def note(tensor: torch.Tensor) -> torch.Tensor:
            storage = tensor.untyped_storage()
            if storage.data_ptr() not in weights:
                kept[storage.data_ptr()] = storage.nbytes()
            return tensor

        with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
            self.loss()
        return sum(kept.values())


def seconds(steps: dict[Key, Callable[[], None]], rounds: int, device: str) -> dict[Key, float]:
    """Best time of each; they take turns, so that a busy machine is busy for all of them.

    On a CPU processor time is taken, which other programs hardly touch.
    """
    clock = time.perf_counter if device.startswith('cuda') else time.process_time
    times: dict[Key, list[float]] = {name: [] for name in steps}
    for round_ in range(rounds + 1):
        for name, step in steps.items():
            start = clock()
            step()
            if device.startswith('cuda'):
                torch.cuda.synchronize()
            if round_:  # the first is a warm-up
                times[name].append(clock() - start)
    return {name: min(values) for name, values in times.items()}


def frozen(config: Config, args: argparse.Namespace) -> None:
    """Time and memory of a training step with frozen towers."""
    steps = {}
    for name, (image, text, once) in FROZEN.items():
        cfg = copy.deepcopy(config.model)
        cfg.backbone.frozen_stages = image
        cfg.cls_head.label_encoder.update(
            frozen_stages=text, labels=[f'class {index}' for index in range(args.classes)]
        )
        steps[name] = Step(cfg, args, once)
    kept = {name: step.kept_bytes() for name, step in steps.items()}
    times = seconds(steps, args.rounds, args.device)
    print('| frozen | time of a step | memory for the backward pass |\n|---|---|---|')
    for name in steps:
        print(
            f'| {name} | {times[name] / times["nothing"]:.2f} '
            f'| {kept[name] / kept["nothing"]:.3f} |'
        )


def peak_bytes(call: Callable[[], None], device: str) -> int:
    """The most memory that tensors have in use at once during a call, beside what was before.

    On a CPU this is counted, not asked of the process: glibc keeps freed blocks of up to 32 MiB for
    later, and what it keeps is no need of the model.
    """
    if device.startswith('cuda'):
        before = torch.cuda.memory_allocated()
        torch.cuda.reset_peak_memory_stats()
        call()
        return torch.cuda.max_memory_allocated() - before
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiler:
        call()
    in_use = peak = 0
    for event in profiler.profiler.kineto_results.events():
        if event.name() == '[memory]':  # an allocation, or what was given back as a negative number
            in_use += event.nbytes()
            peak = max(peak, in_use)
    return peak


def views(config: Config, args: argparse.Namespace) -> None:
    """Time and memory of testing a video of many views, a few of them at a time."""
    from mmaction.registry import MODELS

    torch.manual_seed(0)
    model_cfg = copy.deepcopy(config.model)
    model_cfg.cls_head.label_encoder.labels = [f'class {index}' for index in range(args.classes)]
    with skip_loading_weights():
        model = MODELS.build(model_cfg).eval().to(args.device)
    size = model.backbone.preprocess.size
    video = torch.randn(1, args.views, 3, args.frames, *size, device=args.device)
    scores = []

    def test(at_once: int) -> None:
        model.test_cfg = dict(max_testing_views=at_once)
        with torch.no_grad():
            (sample,) = model(video, [ActionDataSample()], mode='predict')
        scores.append(sample.pred_score)

    steps = {at_once: partial(test, at_once) for at_once in (args.views, args.at_once)}
    with torch.no_grad():
        model.cls_head.label_encoder()  # sentences are encoded once for all videos
    peaks = {at_once: peak_bytes(step, args.device) for at_once, step in steps.items()}
    apart = (scores[0] - scores[1]).abs().max()
    times = seconds(steps, args.rounds, args.device)
    print('| views at a time | time | peak memory |\n|---|---|---|')
    for at_once in steps:
        print(
            f'| {at_once} | {times[at_once] / times[args.views]:.2f} '
            f'| {peaks[at_once] / peaks[args.views]:.3f} |'
        )
    print(f'Scores are at most {apart:.1e} apart.')


def add_sizes(parser: argparse.ArgumentParser) -> None:
    """The options that every measurement has."""
    parser.add_argument('config', help='config with a VideoTextHead')
    parser.add_argument('--frames', type=int, default=8)
    parser.add_argument('--classes', type=int, default=400)
    parser.add_argument('--rounds', type=int, default=5, help='steps that are timed')
    parser.add_argument('--device', default='cuda' if torch.cuda.is_available() else 'cpu')


def measure(report: Callable[[Config, argparse.Namespace], None], args: argparse.Namespace) -> int:
    """Prints a report; the exit code says whether the config could be read and has the parts."""
    init_default_scope('mmaction')
    MMLogger.get_current_instance().setLevel('WARNING')
    try:
        report(Config.fromfile(args.config), args)
    except (ValueError, FileNotFoundError, AttributeError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser('frozen', help=frozen.__doc__)
    command.set_defaults(report=frozen)
    command.add_argument('--videos', type=int, default=8, help='videos in a batch')
    command = commands.add_parser('views', help=views.__doc__)
    command.set_defaults(report=views)
    command.add_argument('--views', type=int, default=30, help='clips x crops of the video')
    command.add_argument('--at-once', type=int, default=5, help='max_testing_views')
    for command in commands.choices.values():
        add_sizes(command)
    args = parser.parse_args(argv)
    return measure(args.report, args)


if __name__ == '__main__':
    run_tool(main)
