"""Measures options that spare memory: memory, time and exactness beside the plain model.

Usage: python tools/analysis/benchmark_memory.py configs/mini/actionclip_mini_transf.py --videos 64
"""

import argparse
import copy
import sys
from pathlib import Path

sys.path += map(str, Path(__file__).resolve().parents[1:3])  # of what is not installed

from _entry import run_tool

# isort: split
import torch
from benchmark import Step, add_sizes, measure, peak_bytes, seconds
from mmengine.config import Config

CP = dict(with_cp=True)


def options(videos: int, images: int) -> dict[str, tuple[dict, dict, dict, dict]]:
    """What each option sets of the model, the image tower, the label encoder and the neck."""
    pieces = dict(micro_batch_size=videos)
    return {
        'nothing': ({}, {}, {}, {}),
        'with_cp': ({}, CP, CP, CP),
        'frame_chunk': ({}, dict(frame_chunk=images), {}, {}),
        'with_cp, frame_chunk': ({}, dict(CP, frame_chunk=images), CP, CP),
        'micro_batch_size': (pieces, {}, pieces, {}),
        'micro_batch_size, with_cp': (pieces, CP, dict(CP, **pieces), CP),
    }


def build_steps(config: Config, args: argparse.Namespace) -> dict[str, Step]:
    """A training step under each option, at the same weights and videos."""
    steps = {}
    choices = options(args.videos_at_once, args.images_at_once)
    for name, (model, image, text, neck) in choices.items():
        cfg = copy.deepcopy(config.model)  # no option may reach the next step
        cfg.update(model)
        cfg.backbone.update(image)
        cfg.cls_head.label_encoder.update(
            text, labels=[f'class {index}' for index in range(args.classes)]
        )
        if cfg.neck.type == 'TransfPrompt':
            cfg.neck.update(neck)
        steps[name] = Step(cfg, args, once=False)
    return steps


def gradients(step: Step) -> list[torch.Tensor]:
    """Gradients of what learns, with the same templates at every call."""
    torch.manual_seed(1)
    step.loss().backward()
    found = [p.grad for p in step.model.parameters() if p.grad is not None]
    step.model.zero_grad()
    return found


@torch.no_grad()
def encode(step: Step) -> None:
    """Features without gradients, as in testing."""
    step.model(step.videos, stage='neck')


def report(config: Config, args: argparse.Namespace) -> None:
    """Prints a table in Markdown."""
    steps = build_steps(config, args)
    plain = gradients(steps['nothing'])
    peaks = {name: peak_bytes(step, args.device) for name, step in steps.items()}
    tests = {
        name: peak_bytes(lambda s=step: encode(s), args.device) for name, step in steps.items()
    }
    times = seconds(steps, args.rounds, args.device)
    print(
        f'{args.videos} videos of {args.frames} frames, micro_batch_size={args.videos_at_once}, '
        f'frame_chunk={args.images_at_once}; with nothing set a step needs '
        f'{peaks["nothing"] / 2**20:.0f} MiB beside the weights (gradients included), features '
        f'without gradients {tests["nothing"] / 2**20:.0f} MiB; the largest gradient is '
        f'{max(g.abs().max().item() for g in plain):.2g}.\n'
    )
    print(
        '| option | memory of a step | time of a step | memory in testing | gradients differ by |'
    )
    print('|---|---|---|---|---|')
    for name, step in steps.items():
        pairs = zip(gradients(step), plain, strict=True)
        apart = max((mine - other).abs().max().item() for mine, other in pairs)
        print(
            f'| {name} | {peaks[name] / peaks["nothing"]:.2f} '
            f'| {times[name] / times["nothing"]:.2f} | {tests[name] / tests["nothing"]:.2f} '
            f'| {apart:.1e} |'
        )


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--videos', type=int, default=8, help='videos in a batch')
    parser.add_argument('--videos-at-once', type=int, default=4, help='micro_batch_size')
    parser.add_argument('--images-at-once', type=int, default=32, help='frame_chunk')
    add_sizes(parser)
    return measure(report, parser.parse_args(argv))


if __name__ == '__main__':
    run_tool(main)
