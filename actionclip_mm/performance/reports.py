"""Tables of ``actionclip benchmark``: costs of options as ratios to the plain model."""

import argparse
import copy
from functools import partial

import torch
from mmaction.registry import MODELS
from mmaction.structures import ActionDataSample
from mmengine.config import Config

from ..clip.hub import skip_loading_weights
from .measuring import peak_bytes, seconds
from .steps import Step

# frozen stages of the image tower and of the text tower, whether sentences are encoded once
FROZEN = {
    'nothing': (-1, -1, False),
    'text tower, sentences encoded in each step': (-1, 'all', False),
    'text tower': (-1, 'all', True),
    'image tower': ('all', -1, False),
    'both towers': ('all', 'all', True),
}
CP = dict(with_cp=True)


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


def views(config: Config, args: argparse.Namespace) -> None:
    """Time and memory of testing a video of many views, a few of them at a time."""
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
    difference = (scores[0] - scores[1]).abs().max()
    times = seconds(steps, args.rounds, args.device)
    print('| views at a time | time | peak memory |\n|---|---|---|')
    for at_once in steps:
        print(
            f'| {at_once} | {times[at_once] / times[args.views]:.2f} '
            f'| {peaks[at_once] / peaks[args.views]:.3f} |'
        )
    print(f'Scores differ by at most {difference:.1e}.')


def options(videos: int, images: int) -> dict[str, tuple[dict, dict, dict, dict]]:
    """Settings of each option for the model, the image tower, the label encoder and the neck."""
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
        cfg = copy.deepcopy(config.model)  # so that no option reaches the next step
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
    """Gradients of the trained parameters, with the same templates at every call."""
    torch.manual_seed(1)
    step.loss().backward()
    found = [p.grad for p in step.model.parameters() if p.grad is not None]
    step.model.zero_grad()
    return found


@torch.no_grad()
def encode(step: Step) -> None:
    """Features without gradients, as in testing."""
    step.model(step.videos, stage='neck')


def memory(config: Config, args: argparse.Namespace) -> None:
    """Memory, time and exactness of the options that save memory."""
    steps = build_steps(config, args)
    plain = gradients(steps['nothing'])
    peaks = {name: peak_bytes(step, args.device) for name, step in steps.items()}
    tests = {name: peak_bytes(partial(encode, step), args.device) for name, step in steps.items()}
    times = seconds(steps, args.rounds, args.device)
    print(
        f'{args.videos} videos of {args.frames} frames, micro_batch_size={args.videos_at_once}, '
        f'frame_chunk={args.images_at_once}; with nothing set a step needs '
        f'{peaks["nothing"] / 2**20:.0f} MiB without the weights (with gradients), features '
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
