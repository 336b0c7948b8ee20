"""How time and memory grow: classes, templates, frames, list lines, tested videos."""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmaction.evaluation import AccMetric
from mmaction.registry import MODELS
from mmengine.evaluator import Evaluator

from ..clip.hub import skip_loading_weights
from ..evaluation import CompleteEvaluator
from .markdown import format_seconds
from .measuring import ChildProcess, Way, measure
from .rows.annotation_lists import dataset_ways
from .speed import set_threads

CLASSES = (10, 100, 400, 1000, 10_000)
TEMPLATES = (1, 4, 16, 80)
FRAMES = (8, 16, 32, 64)
LINES = (24_000, 240_000, 650_000)
VIDEOS, TESTED, EVALUATED_CLASSES = 16, (1000, 19_000, 76_000), 400
# a text tower whose time is small: the time per sentence of a real one is a row of `speed`
SMALL_TEXT = dict(context_length=77, vocab_size=49408, width=64, heads=1, layers=1)
SMALL_IMAGE = dict(image_size=32, layers=1, width=64, head_width=64, patch_size=32)


def print_growth(args: argparse.Namespace) -> None:
    """Print a table for each quantity; ``args.tiny`` takes the two smallest values of each."""
    set_threads(args.threads)
    keep = 2 if args.tiny else None
    _table(
        f'Head, {VIDEOS} videos against classes x templates',
        ('classes', 'templates'),
        [
            *((f'{c}', '16', _head(c, 16, args)) for c in CLASSES[:keep]),
            *(('400', f'{p}', _head(400, p, args)) for p in TEMPLATES[:keep]),
        ],
    )
    _table(
        f'Image side of {args.arch}, one video',
        ('frames',),
        [(f'{frames}', _frames(frames, args)) for frames in FRAMES[:keep]],
    )
    _lists(LINES[:keep] if not args.tiny else (100,), args)
    _evaluators(TESTED[:keep] if not args.tiny else (10,))


def _table(title: str, columns: Sequence[str], rows: Sequence[tuple]) -> None:
    print(f'\n**{title}**\n\n| {" | ".join(columns)} | wall time | CPU time |')
    print('|---' * (len(columns) + 2) + '|')
    for *cells, timing in rows:
        times = format_seconds(timing.wall), format_seconds(timing.cpu)
        print(f'| {" | ".join([*cells, *times])} |', flush=True)


def _head(classes: int, templates: int, args: argparse.Namespace) -> Any:
    """Time of scoring videos against a bank that is in memory."""
    print(f'{classes} classes, {templates} templates', file=sys.stderr)
    arch = dict(embed_dim=512, vision_cfg=SMALL_IMAGE, text_cfg=SMALL_TEXT)
    encoder = dict(
        type='TextPromptLabelEncoder',
        arch=arch,
        labels=[f'class {index}' for index in range(classes)],
        templates=[f'{{}} {index}' for index in range(templates)],
    )
    head: Any = MODELS.build(dict(type='VideoTextHead', in_channels=512, label_encoder=encoder))
    head = head.eval().to(args.device)
    videos = torch.randn(VIDEOS, 512, device=args.device)

    @torch.no_grad()
    def score() -> None:
        head.pool(head(videos)[:, None])  # [N, C]

    score()  # encodes the bank
    return measure([Way('', score)], args.rounds, args.device)[0]


def _frames(frames: int, args: argparse.Namespace) -> Any:
    print(f'{frames} frames', file=sys.stderr)
    neck = dict(type='TransfPrompt', in_channels=512, num_layers=6)
    backbone = dict(type='CLIPImageEncoder', arch=args.arch)
    with skip_loading_weights():
        model: Any = MODELS.build(dict(type='CLIPRecognizer', backbone=backbone, neck=neck))
    model = model.eval().to(args.device)
    video = torch.randn(1, 1, 3, frames, *model.backbone.preprocess.size, device=args.device)

    @torch.no_grad()
    def encode() -> None:
        model(video, stage='neck')

    return measure([Way('', encode)], args.rounds, args.device)[0]


def _lists(sizes: Sequence[int], args: argparse.Namespace) -> None:
    print('\n**Reading an annotation list** (CPU time)\n\n| lines | mmaction2 | ours | ratio |')
    print('|---|---|---|---|')
    with tempfile.TemporaryDirectory() as folder:
        for lines in sizes:
            print(f'list of {lines} lines', file=sys.stderr)
            theirs, ours = measure(dataset_ways(Path(folder), lines), args.rounds)
            times = format_seconds(theirs.cpu), format_seconds(ours.cpu)
            print(f'| {lines} | {" | ".join(times)} | {1 / ours.cpu_speedup:.2f} |', flush=True)


def _evaluators(sizes: Sequence[int]) -> None:
    print(
        f'\n**Evaluator, {EVALUATED_CLASSES} classes** (a process of its own)\n\n'
        '| videos | fp32 scores | peak over an empty test | CPU time |\n|---|---|---|---|'
    )
    code = f'from {__name__} import evaluate; evaluate'
    runs = [
        ChildProcess([sys.executable, '-W', 'ignore', '-c', f'{code}({number})'])
        for number in (1, *sizes)
    ]
    print('evaluators', file=sys.stderr)
    (_, empty_cpu, empty), *found = [run.run() for run in runs]
    for number, (_, cpu, peak) in zip(sizes, found, strict=True):
        scores = number * EVALUATED_CLASSES * 4 / 2**20
        print(
            f'| {number} | {scores:.0f} MiB | {(peak - empty) / 2**20:.0f} MiB '
            f'| {format_seconds(max(cpu - empty_cpu, 0))} |',
            flush=True,
        )


def evaluate(number: int, classes: int = EVALUATED_CLASSES, evaluator: str = 'ours') -> dict:
    """Evaluate random scores of videos with top-1 and top-5 accuracy.

    Args:
        number: Videos.
        classes: C.
        evaluator: ``'ours'`` or ``'host'`` (mmengine's).
    """
    kind = dict(ours=CompleteEvaluator, host=Evaluator)[evaluator]
    meter = kind([AccMetric()])
    rng = np.random.default_rng(0)
    for index in range(number):
        scores = torch.from_numpy(rng.random(classes, dtype=np.float32))
        label = torch.tensor([index % classes])
        sample = dict(pred_score=scores, gt_label=label, sample_idx=index, filename=f'{index}.mp4')
        meter.process([sample], {})
    return meter.evaluate(number)
