"""Rows of ``actionclip predict`` and of the start of a test."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..measuring import ChildProcess, Way, largest_difference
from ..registry import Comparison, Options, row

# today's way next to the way before
PLAIN = {'ACTIONCLIP_MM_LAZY': 'off', 'ACTIONCLIP_MM_MAP_WEIGHTS': 'off'}
SWITCH = 'ACTIONCLIP_MM_LAZY=off ACTIONCLIP_MM_MAP_WEIGHTS=off'
LABELS = ('dotted blue square', 'four green circles', 'three blue triangles')
TESTS = 'tests/test_apis'
TEST_CONFIG = """
default_scope = 'mmaction'
custom_imports = dict(imports=['actionclip_mm', 'actionclip_mm.compat.at_run'])
model = dict(
    type='CLIPRecognizer',
    backbone=dict(type='CLIPImageEncoder', arch={arch!r}),
    neck=dict(type='MeanPPrompt'),
    cls_head=dict(
        type='VideoTextHead',
        label_encoder=dict(type='TextPromptLabelEncoder', labels={labels!r}),
    ),
)
test_dataloader = dict(
    batch_size=1, num_workers=0, sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='RobustVideoDataset', ann_file={list!r}, pipeline={pipeline!r}, test_mode=True
    ),
)
test_evaluator = dict(type='AccMetric')
test_cfg = dict(type='TestLoop')
custom_hooks = [dict(type='CheckWeightsHook')]
"""


@row(
    'predict-first-mini',
    'First answer of predict, mini CLIP',
    '<= 3.5 s, memory <= 60 %',
    arch='mini',
)
@row('predict-first-vit-b-32', 'First answer of predict, ViT-B/32', '<= 5 s, memory <= 60 %')
def first_answer(options: Options, arch: str | None = None) -> Comparison:
    """The whole command on one clip."""
    arch, weights = _weights(options, arch)

    def process(name: str, env: dict[str, str]) -> tuple[ChildProcess, Path]:
        answers = options.scratch / f'{name}.json'
        model = ['--arch', arch, *(['--pretrained', weights] if weights else [])]
        words = ['predict', str(_samples()[0]), '--labels', *LABELS, *model, '--json', str(answers)]
        return ChildProcess([sys.executable, '-m', 'actionclip_mm', *words], env), answers

    before, now = process('before', PLAIN), process('now', {})
    for child, _ in (before, now):
        child.run()
    return Comparison(
        [Way('all imports, weights copied', before[0]), Way('today', now[0], SWITCH)],
        difference=largest_difference([_scores(before[1]), _scores(now[1])]),
        test=f'{TESTS}/test_building.py::test_mapped_weights_are_those_of_the_file',
        unit='process',
        rounds=5,
    )


@row('test-start', 'Start of actionclip test on one clip, ViT-B/32', 'reported')
def test_start(options: Options) -> Comparison:
    """The whole command with a checkpoint of both towers."""
    from ...apis.building import build_trained, read_model_config
    from ...apis.video_reading import pipeline_of, preprocess_of
    from ...clip.weight_files import write_weights

    arch: Any = _tiny_arch() if options.tiny else options.arch
    video = options.scratch / 'list.txt'
    video.write_text(f'{_samples()[0]} 0\n')
    config, checkpoint = options.scratch / 'config.py', options.scratch / 'weights.pth'
    labels, text = list(LABELS), {'list': str(video)}
    config.write_text(TEST_CONFIG.format(arch=arch, labels=labels, pipeline=[], **text))
    model = build_trained(read_model_config(config), None)
    pipeline = pipeline_of(preprocess_of(model))
    config.write_text(TEST_CONFIG.format(arch=arch, labels=labels, pipeline=pipeline, **text))
    write_weights(checkpoint, model.state_dict(), {})
    words = ['test', str(config), str(checkpoint), '--work-dir', str(options.scratch / 'run')]
    command = [sys.executable, '-m', 'actionclip_mm', *words]
    return Comparison(
        [
            Way('all imports, checkpoint read', ChildProcess(command, PLAIN)),
            Way('today', ChildProcess(command), SWITCH),
        ],
        difference=None,
        test=f'{TESTS}/test_building.py::test_mapped_weights_are_those_of_the_file',
        unit='process',
        rounds=3,
    )


@row('predict-next-mini', 'Each further clip of predict, mini CLIP', '<= 6 ms', arch='mini')
@row('predict-next-vit-b-32', 'Each further clip of predict, ViT-B/32', '<= 470 ms')
def further_clips(options: Options, arch: str | None = None) -> Comparison:
    """Files to answers in one process: one after the other, and decoded ahead in batches."""
    arch, weights = _weights(options, arch)
    videos = [str(video) for video in _samples()] * (1 if options.tiny else 8)
    plain = _inferencer(options, arch, weights, batch_size=1, workers=0)
    ahead = _inferencer(options, arch, weights)
    return _comparison(
        {'one after the other': plain, 'decoded ahead': ahead},
        videos,
        'batch_size=1, workers=0',
        f'{TESTS}/test_inferencer.py::test_batches_answer_as_single_videos',
    )


@row('predict-bf16', 'Each further clip of predict in bf16, ViT-B/32', '<= 330 ms')
def in_bf16(options: Options) -> Comparison:
    """Scores differ; the largest difference is that of probabilities."""
    arch, weights = _weights(options, None)
    videos = [str(video) for video in _samples()] * (1 if options.tiny else 4)
    return _comparison(
        {
            'fp32': _inferencer(options, arch, weights),
            'bf16': _inferencer(options, arch, weights, precision='bf16'),
        },
        videos,
        "precision='bf16' (default: 'fp32')",
        f'{TESTS}/test_inferencer.py::test_bf16_changes_scores_little',
    )


def _comparison(
    inferencers: dict[str, Any], videos: list[str], switch: str, test: str
) -> Comparison:
    def call(inferencer: Any) -> Callable[[], list]:
        return lambda: [answer.scores for answer in inferencer(videos)]

    calls = {name: call(inferencer) for name, inferencer in inferencers.items()}
    return Comparison(
        [Way(name, each, switch if n else '', work=len(videos))
         for n, (name, each) in enumerate(calls.items())],
        difference=largest_difference([each() for each in calls.values()]),
        test=test,
        unit='clip',
    )  # fmt: skip


def _inferencer(options: Options, arch: Any, weights: str | None, **settings: Any) -> Any:
    from ... import ActionCLIPInferencer

    if weights and str(arch).endswith('.json'):
        arch = json.loads(Path(arch).read_text())
    return ActionCLIPInferencer.from_clip(
        list(LABELS), arch, weights, device=options.device, **settings
    )


def _weights(options: Options, arch: str | None) -> tuple[str, str | None]:
    """``--arch`` and ``--pretrained``; random weights in a file where none are given."""
    if arch == 'mini':
        return arch, None
    if options.pretrained is not None:
        return options.arch, options.pretrained
    from ...clip import build_clip
    from ...clip.weight_files import write_weights

    cfg: Any = _tiny_arch() if options.tiny else options.arch
    path = options.scratch / 'clip.safetensors'
    write_weights(path, build_clip(cfg).state_dict(), {})
    if isinstance(cfg, str):
        return cfg, str(path)
    (options.scratch / 'arch.json').write_text(json.dumps(cfg))
    return str(options.scratch / 'arch.json'), str(path)


def _tiny_arch() -> dict[str, Any]:
    from ...apis.building import mini_clip

    return mini_clip()[0]


def _samples() -> list[Path]:
    from ...utils.carried_files import carried

    return sorted(carried('data/mini_clip/samples').glob('*.mp4'))


def _scores(answers: Path) -> list[float]:
    (video,) = json.loads(answers.read_text())['videos']
    return [entry['probability'] for entry in sorted(video['predictions'], key=_label)]


def _label(entry: dict[str, Any]) -> str:
    return str(entry['label'])
