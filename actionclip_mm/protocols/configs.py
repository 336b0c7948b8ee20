"""Derive the configs of a run: the model of a leaf config, the protocol's videos, classes and seed.

A derived config is complete, so it documents what was run even when the leaf config changes.
"""

import inspect
from collections.abc import Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

from mmengine.config import Config, ConfigDict
from mmengine.runner import Runner

from ..utils import explain, read_config, write_json
from ..utils.wrapped_datasets import innermost_config
from .lists import write_lines
from .materials import Material
from .protocol import Protocol

# The host's data sets, which replace unreadable videos, and ours, which count them.
ROBUST = dict(VideoDataset='RobustVideoDataset', RawframeDataset='RobustRawframeDataset')

# Files that a test writes into the folder of its part.
METRICS_FILE = 'metrics.json'
SCORES_FILE = 'scores.safetensors'
LABELS_FILE = 'labels.json'  # not .txt, where '1 finger' could be read as an id and a name

TRAINING = ('train_dataloader', 'train_cfg', 'optim_wrapper', 'param_scheduler')
VALIDATION = ('val_dataloader', 'val_cfg', 'val_evaluator')
TESTING = ('test_dataloader', 'test_cfg', 'test_evaluator')

# Crops per clip.
CROPS = {'CenterCrop': 1, 'CLIPCenterCrop': 1, 'ThreeCrop': 3, 'TenCrop': 10}

# 10 clips x 3 crops of large frames do not fit at once.
MAX_TESTING_VIEWS = 5

# Keys that the runner and `set_views` read; others are intermediate variables of a config.
READ_KEYS = {*inspect.signature(Runner.__init__).parameters, 'multi_view_pipeline'}


def read_leaf(path: Path, options: dict[str, Any] | None = None, trains: bool = True) -> Config:
    """Read a leaf config with the user's options.

    Args:
        path: The file.
        options: Dotted keys and values that replace those of the file.
        trains: Whether it must configure training; configs of converted weights do not.

    Raises:
        FileNotFoundError: No such file.
        ValueError: Not a config of a recognizer with the needed data loaders.
    """
    config = read_config(path, 'give another one with --config')
    with explain(f"Config '{path}' does not take these options", 'correct --cfg-options'):
        config.merge_from_dict(options or {})
    training = TRAINING[:3] if trains else ()
    missing = [key for key in ('model', *training, *TESTING) if not config.get(key)]
    if missing:
        action = 'use a config that trains' if training else 'use a config of a recognizer'
        raise ValueError(
            f"Config '{path}' lacks {', '.join(missing)}: {action}, such as those in configs/."
        )
    for key in (*training[:1], TESTING[0]):
        if 'ann_file' not in innermost_config(config[key].dataset):
            raise ValueError(
                f"{key}.dataset of config '{path}' has no ann_file for the protocol to set: use a "
                'config with one annotated data set.'
            )
    if any(hook.get('type') == 'LabelSwitchHook' for hook in config.get('custom_hooks') or []):
        raise ValueError(
            f"Config '{path}' switches classes itself (LabelSwitchHook), but the protocol chooses "
            'them: remove that hook.'
        )
    return config


def reads_rawframes(config: Config) -> bool:
    """Whether the model reads extracted frames."""
    return 'img' in (innermost_config(config.test_dataloader.dataset).get('data_prefix') or {})


def test_config(leaf: Config, protocol: Protocol, material: Material, folder: Path) -> Config:
    """Config that tests one part; writes its lists into a folder.

    Args:
        leaf: Config of the model, see :func:`read_leaf`.
        protocol: The protocol.
        material: Videos and classes.
        folder: Absolute path of the part's folder.
    """
    config = deepcopy(leaf)  # `copy` would share the model
    _set_classes(config, material, folder)
    for key in (*TRAINING, *VALIDATION):
        config[key] = None
    _set_videos(config.test_dataloader, material, folder / 'test.txt')
    innermost_config(config.test_dataloader.dataset).test_mode = True
    config.test_dataloader.drop_last = False
    config.test_dataloader.sampler = dict(type='DefaultSampler', shuffle=False)
    config.test_evaluator = _evaluator(protocol, material, folder)
    config.load_from = None  # the test command gets the checkpoint
    hook = dict(type='MetricsFileHook', out_file=str(folder / METRICS_FILE))
    config.custom_hooks = [*(config.get('custom_hooks') or []), hook]
    return config


def train_config(
    leaf: Config, material: Material, folder: Path, seed: int, checkpoint: str | None
) -> Config:
    """Config that trains one run; writes its lists into a folder.

    It has no validation: the last epoch counts, because choosing an epoch on the test set would
    train on it.
    """
    config = deepcopy(leaf)  # `copy` would share the model
    _set_classes(config, material, folder)
    for key in (*VALIDATION, *TESTING):
        config[key] = None
    _set_videos(config.train_dataloader, material, folder / 'train.txt')
    hooks = dict(config.get('default_hooks') or {})
    hooks['checkpoint'] = dict(hooks.get('checkpoint') or dict(type='CheckpointHook'))
    hooks['checkpoint'].pop('save_best', None)
    config.default_hooks = hooks
    config.randomness = dict(config.get('randomness') or {}, seed=seed)
    if checkpoint is not None:
        config.load_from = checkpoint
    return config


def _set_classes(config: Config, material: Material, folder: Path) -> None:
    head = config.model.cls_head
    labels = folder / LABELS_FILE
    write_json(labels, list(material.names))
    if 'label_encoder' in head:
        head.label_encoder.labels = str(labels)
    if 'num_classes' in head or 'label_encoder' not in head:
        head.num_classes = len(material.names)


def _set_videos(loader: ConfigDict, material: Material, path: Path) -> None:
    dataset = innermost_config(loader.dataset)
    dataset.type = ROBUST.get(dataset.type, dataset.type)
    dataset.ann_file = str(write_lines(material.lines, path))
    key = 'img' if 'img' in (dataset.get('data_prefix') or {}) else 'video'
    dataset.data_prefix = {key: str(material.folder)}
    dataset.pop('data_root', None)


def _evaluator(protocol: Protocol, material: Material, folder: Path) -> dict[str, Any]:
    metrics = [dict(metric) for metric in protocol.evaluator]
    for metric in metrics:
        if 'per_class_file' in metric:
            metric['per_class_file'] = str(folder / metric['per_class_file'])
    scores = dict(
        type='VideoScoresFile',
        out_file=str(folder / SCORES_FILE),
        labels=str(folder / LABELS_FILE),
        root=str(material.folder),
    )
    metrics.append(scores)
    return dict(
        type='CompleteEvaluator', metrics=metrics, failed_file=str(folder / 'failed_videos.txt')
    )


def check_options_kept(configs: Sequence[Config], options: dict[str, Any]) -> None:
    """Refuse options that nothing reads, or that the protocol overrules.

    Args:
        configs: Derived configs of one run.
        options: Dotted keys and values that were set in the leaf config.

    Raises:
        ValueError: Names the option.
    """
    for key, value in options.items():
        if key.split('.')[0] not in READ_KEYS:
            raise ValueError(
                f'--cfg-options {key}={value!r} has no effect, because nothing reads '
                f"'{key.split('.')[0]}' after the config is loaded: set the keys made from it, "
                'such as train_cfg.max_epochs or test_dataloader.dataset.pipeline.'
            )
        found = [look_up(config, key) for config in configs if config.get(key.split('.')[0])]
        if not found or any(other != value for other in found):
            raise ValueError(
                f'--cfg-options {key}={value!r} has no effect, because the protocol sets that key: '
                'omit it.'
            )


def look_up(config: Any, key: str) -> Any:
    """Value at a dotted key, or None."""
    for part in key.split('.'):
        try:
            config = config[int(part)] if isinstance(config, (list, tuple)) else config[part]
        except (KeyError, IndexError, TypeError, ValueError):
            return None
    return config


def sampling_step(config: Config) -> dict[str, Any]:
    """Step of the test pipeline that samples frames.

    Raises:
        ValueError: There is none.
    """
    for step in _steps(config):
        if 'clip_len' in step:
            return step
    raise ValueError('The test pipeline of the config has no step with clip_len: add one.')


def count_frames(config: Config) -> int:
    """Frames per view of a test."""
    step = sampling_step(config)
    return step['clip_len'] * (step.get('num_clips', 1) if _joins_clips(config) else 1)


def count_views(config: Config) -> tuple[int, int]:
    """Clips and crops per video of the test pipeline."""
    crops = max((CROPS.get(step['type'], 1) for step in _steps(config)), default=1)
    clips = 1 if _joins_clips(config) else sampling_step(config).get('num_clips', 1)
    return clips, crops


def _joins_clips(config: Config) -> bool:
    """Whether the clips are segments of one view, as in mmaction2's 2D models."""
    return any(step.get('input_format') == 'NCHW' for step in _steps(config))


def _steps(config: Config) -> list[dict[str, Any]]:
    return innermost_config(config.test_dataloader.dataset).pipeline


def set_views(config: Config, views: tuple[int, int] | None, protocol: str) -> None:
    """Switch a config to the views of a protocol.

    Args:
        config: Has ``multi_view_pipeline`` next to its test pipeline, as the shipped ones do.
        views: Clips and crops, None for those of the config.
        protocol: Name, for the message.

    Raises:
        ValueError: The config tests other views and has no pipeline for these.
    """
    if views in (None, count_views(config)):
        return
    found = count_views(config)
    if 'multi_view_pipeline' in config:
        innermost_config(config.test_dataloader.dataset).pipeline = config.multi_view_pipeline
        config.test_dataloader.batch_size = 1
        config.model.cls_head.average_clips = 'score'  # the paper averages similarities
        config.model.test_cfg = dict(config.model.get('test_cfg') or {})
        config.model.test_cfg.setdefault('max_testing_views', MAX_TESTING_VIEWS)
    if count_views(config) != views:
        assert views is not None
        raise ValueError(
            f'{protocol} tests {views[0]} x {views[1]} views (clips x crops), but the config '
            f'{found[0]} x {found[1]}: pass a --config with such a test pipeline.'
        )
