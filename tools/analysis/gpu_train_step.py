"""Training steps of ViT-B/16 with 8 frames on a GPU: what the host waits for, what options bring.

python tools/analysis/gpu_train_step.py waits
python tools/analysis/gpu_train_step.py steps --videos 64
"""

import argparse
import copy
import warnings
from collections.abc import Callable, Sequence
from typing import Any

from _script import run_and_exit

# isort: split
import torch
from mmaction.registry import MODELS
from mmaction.structures import ActionDataSample
from mmengine.optim import AmpOptimWrapper, OptimWrapper
from mmengine.registry import init_default_scope

import actionclip_mm.compat.at_run  # noqa: F401  as a run does
from actionclip_mm.clip.hub import skip_loading_weights
from actionclip_mm.performance.markdown import format_seconds
from actionclip_mm.performance.measuring import Way, measure, peak_bytes
from actionclip_mm.performance.table7 import model_config

CLASSES = 400
# name -> options of the backbone, of the label encoder, bfloat16, fused optimizer
STEPS: dict[str, tuple[dict, dict, bool, bool]] = {
    'fp32': ({}, {}, False, False),
    'bf16': ({}, {}, True, False),
    'bf16, fused AdamW': ({}, {}, True, True),
    'bf16, fused, compiled towers': (dict(compile=True), dict(compile=True), True, True),
    'bf16, fused, with_cp': (dict(with_cp=True), dict(with_cp=True), True, True),
}


def build_step(name: str, videos: int, frames: int, device: str) -> Callable[[], Any]:
    """A training step of the paper's model at random weights: copy, forward, backward, update."""
    backbone, encoder, half, fused = STEPS[name]
    cfg: Any = copy.deepcopy(model_config('ViT-B-16', CLASSES))
    cfg['backbone'].update(backbone)
    cfg['cls_head']['label_encoder'].update(encoder)
    with skip_loading_weights():
        model: Any = MODELS.build(cfg)
    model = model.train().to(device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-6, fused=fused)
    wrapper: Any = OptimWrapper(optimizer)
    if half:
        wrapper = AmpOptimWrapper(
            optimizer=optimizer, dtype='bfloat16', loss_scale=dict(enabled=False)
        )
    size = model.backbone.preprocess.size
    batch = torch.randint(0, 256, (videos, 1, 3, frames, *size), dtype=torch.uint8)
    batch = batch.pin_memory() if device.startswith('cuda') else batch
    samples = [ActionDataSample().set_gt_label(i % CLASSES) for i in range(videos)]

    def step() -> None:
        model.train_step(dict(inputs=list(batch), data_samples=samples), wrapper)

    return step


def print_waits(args: argparse.Namespace) -> None:
    """Print each place where a step waits for the GPU."""
    step = build_step('bf16, fused AdamW', 4, args.frames, args.device)
    step()  # the first one allocates
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter('always')
        torch.cuda.set_sync_debug_mode('warn')
        step()
        torch.cuda.set_sync_debug_mode('default')
    places = [f'- {entry.filename.split("site-packages/")[-1]}:{entry.lineno}' for entry in found
              if 'synchroniz' in str(entry.message)]  # fmt: skip
    print(f'A training step waits for the GPU {len(places)} times.', *places, sep='\n')


def print_steps(args: argparse.Namespace) -> None:
    """Print the time and the memory of a step under each option, one option in memory at a time."""
    print(f'Training steps of ViT-B/16, {args.videos} videos of {args.frames} frames.\n')
    print('| options | time of a step | videos/s | peak memory |\n|---|---|---|---|')
    for name in args.options:
        step = build_step(name, args.videos, args.frames, args.device)
        (timing,) = measure([Way(name, step)], args.rounds, args.device)
        peak = peak_bytes(step, args.device) / 2**30
        speed = args.videos / timing.wall
        print(
            f'| {name} | {format_seconds(timing.wall)} | {speed:.0f} | {peak:.1f} GiB |', flush=True
        )
        del step
        torch.cuda.empty_cache()


def main(argv: Sequence[str] | None = None) -> None:
    """Run one report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('report', choices=['waits', 'steps'])
    parser.add_argument('--videos', type=int, default=64)
    parser.add_argument('--frames', type=int, default=8)
    parser.add_argument('--rounds', type=int, default=5)
    parser.add_argument('--device', default='cuda')
    parser.add_argument('--options', nargs='+', choices=STEPS, default=list(STEPS))
    args = parser.parse_args(argv)
    init_default_scope('mmaction')
    reports: dict[str, Callable] = dict(waits=print_waits, steps=print_steps)
    if args.device.startswith('cuda') and not torch.cuda.is_available():
        parser.error('no GPU is visible')
    reports[args.report](args)


if __name__ == '__main__':
    run_and_exit(main)
