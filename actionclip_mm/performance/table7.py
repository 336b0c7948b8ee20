"""Table 7 of the paper: operations, parameters and speed of the models, with and without texts."""

import argparse
import copy
import sys
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any

import torch
from mmaction.registry import MODELS

from ..clip.hub import skip_loading_weights
from .complexity import Cost, count_cost, matrix_peak
from .measuring import Way, measure
from .speed import set_threads

# open_clip model and frames -> GMACs of table 7
PUBLISHED = {
    ('ViT-B-32', 8): 35.4,
    ('ViT-B-16', 8): 140.8,
    ('ViT-B-16', 16): 281.6,
    ('ViT-B-16', 32): 563.1,
}


def model_config(arch: str, num_labels: int = 1) -> dict:
    """Config of the paper's recognizer: Transf with 6 blocks, 16 templates, random weights."""
    encoder = dict(
        type='TextPromptLabelEncoder', labels=[f'class {index}' for index in range(num_labels)]
    )
    return dict(
        type='CLIPRecognizer',
        backbone=dict(type='CLIPImageEncoder', arch=f'{arch}-quickgelu'),
        neck=dict(type='TransfPrompt', num_layers=6),
        cls_head=dict(type='VideoTextHead', label_encoder=encoder),
    )


def build(arch: str) -> Any:
    """The recognizer at random weights, in test mode."""
    with skip_loading_weights():
        return MODELS.build(copy.deepcopy(model_config(arch))).eval()


def print_table(args: argparse.Namespace) -> None:
    """Print the table of ``--arch`` with the frames of ``--frames``, or of the paper's four models.

    Videos per second are those of the image side alone and with a sentence of the full context
    length encoded for each video, as in training; a test encodes the sentences of a label list
    once. On a CPU they are per second of CPU time on each thread.
    """
    threads = set_threads(args.threads)
    dtype = torch.bfloat16 if args.bf16 else torch.float32
    rows = [(args.arch, frames) for frames in args.frames] if args.arch else list(PUBLISHED)
    peak = matrix_peak(args.device, dtype)
    print(
        f'Batches of {args.videos} videos on {args.device}, {threads} threads, '
        f'{str(dtype).removeprefix("torch.")}; matrix peak {peak / 1e9:.0f} GMAC/s.\n'
    )
    heads = ['GMACs', 'paper', 'GMACs of a sentence', 'parameters', 'of the text tower']
    heads += ['videos/s', 'share of peak', 'videos/s with a sentence each']
    print(f'| model | frames | {" | ".join(heads)} |\n|{"---|" * (len(heads) + 2)}')
    for arch, frames in rows:
        print(f'{arch}, {frames} frames', file=sys.stderr)
        cost = count_cost(build(arch), frames)
        alone, both = speeds(arch, frames, args, dtype)
        print(_line(arch, frames, cost, alone, both, peak), flush=True)


def _line(arch: str, frames: int, cost: Cost, alone: float, both: float, peak: float) -> str:
    published = PUBLISHED.get((arch, frames))
    cells = [
        arch,
        f'{frames}',
        f'{cost.video / 1e9:.1f}',
        '' if published is None else f'{published}',
        f'{cost.sentence / 1e9:.2f}',
        f'{(cost.video_parameters + cost.text_parameters) / 1e6:.1f} M',
        f'{cost.text_parameters / 1e6:.1f} M',
        f'{alone:.3g}',
        f'{alone * cost.video / peak:.0%}',
        f'{both:.3g}',
    ]
    return f'| {" | ".join(cells)} |'


def speeds(
    arch: str, frames: int, args: argparse.Namespace, dtype: torch.dtype
) -> tuple[float, float]:
    """Videos per second of the image side, and with a full sentence encoded for each video."""
    model = build(arch).to(args.device)
    encoder = model.cls_head.label_encoder
    videos = torch.randn(
        args.videos, 1, 3, frames, *model.backbone.preprocess.size, device=args.device
    )
    tokens = torch.randint(1, 40000, (args.videos, encoder.tokens.shape[-1]), device=args.device)

    @torch.no_grad()
    def run(with_text: bool) -> None:
        half: AbstractContextManager = nullcontext()
        if dtype != torch.float32:
            half = torch.autocast(args.device.split(':')[0], dtype)
        with half:
            model(videos, stage='neck')
            if with_text:
                encoder.text(tokens)

    ways = [Way(str(text), partial(run, text), work=args.videos) for text in (False, True)]
    timings = measure(ways, args.rounds, args.device)
    if args.device.startswith('cuda'):
        alone, both = (timing.wall for timing in timings)
    else:  # CPU time, as in matrix_peak
        alone, both = (timing.cpu / torch.get_num_threads() for timing in timings)
    return 1 / alone, 1 / both
