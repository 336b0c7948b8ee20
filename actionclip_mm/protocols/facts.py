"""Sections of a card: what decides a number, its value for each class, how it was made.

Facts are read from the resolved config and the model built from it.
"""

import datetime
import hashlib
import inspect
import json
import platform
import subprocess
import time
from typing import Any

import numpy as np
import torch
from mmengine.config import Config
from torch import nn

from ..evaluation import VideoScores, class_precision
from ..models.heads import VideoTextHead
from ..utils.carried_files import PACKAGE
from ..utils.versions import installed_versions
from ..utils.wrapped_datasets import innermost_config
from ..version import __version__
from .card import ClassResult, ModelFacts, Origin, PerClass, TestFacts, TextFacts, TrainingFacts
from .configs import CROPS, count_frames, count_views, sampling_step

RESIZES = ('Resize', 'CLIPResize')
PACKAGES = (
    'torch', 'torchvision', 'mmaction2', 'mmengine', 'mmcv', 'mmcv-lite', 'open_clip_torch',
    'decord', 'av', 'opencv-python', 'numpy',
)  # fmt: skip


def model_facts(config: Config, model: nn.Module, leaf: str, options: dict) -> ModelFacts:
    """The ``model`` section of a card, without the checkpoint.

    Args:
        config: Resolved leaf config.
        model: Model built from it, with any weights.
        leaf: Name of the leaf config.
        options: Options that the user set in it.
    """
    backbone, neck = config.model.backbone, config.model.get('neck')
    prompt = backbone.get('visual_prompt')
    preprocessor = model.data_preprocessor
    text = json.dumps(config.to_dict(), sort_keys=True, default=str)
    return ModelFacts(
        config=leaf,
        config_sha256=hashlib.sha256(text.encode()).hexdigest(),
        options={key: _plain(value) for key, value in options.items()},
        recognizer=config.model.type,
        backbone=backbone.type,
        arch=_plain(backbone.get('arch')),
        pretrained=backbone.get('pretrained'),
        visual_prompt=prompt and prompt['type'],
        pooling=neck and neck['type'],
        head=config.model.cls_head.type,
        test_scale=getattr(model.cls_head, 'test_scale', None),
        mean=_flat(preprocessor, 'mean'),
        std=_flat(preprocessor, 'std'),
        checkpoint_sha256=None,
    )


def text_facts(config: Config, model: nn.Module) -> TextFacts | None:
    """The ``text`` section: templates and how they are averaged; None for heads without texts."""
    if 'label_encoder' not in config.model.cls_head:
        return None
    head: Any = model.cls_head
    encoder = head.label_encoder
    default = inspect.signature(VideoTextHead).parameters['ensemble'].default
    return TextFacts(
        templates=_plain(encoder.prompts),  # not the name of a preset or file, which may change
        num_templates=max(len(lines) for lines in encoder.sentences),
        ensemble=config.model.cls_head.get('ensemble', default),
        split_names=encoder.split_names,
        context=encoder.context is not None,
    )


def test_facts(config: Config, model: nn.Module) -> TestFacts:
    """The ``test`` section: frames, views, resizing and cropping of the test pipeline."""
    head: Any = model.cls_head
    dataset = innermost_config(config.test_dataloader.dataset)
    clips, crops = count_views(config)
    return TestFacts(
        frames=count_frames(config),
        clips=clips,
        crops=crops,
        average_clips=head.average_clips,
        scores=_scores(head),
        sampling=_plain(sampling_step(config)),
        resize=tuple(_plain(step) for step in dataset.pipeline if step['type'] in RESIZES),
        crop=tuple(_plain(step) for step in dataset.pipeline if step['type'] in CROPS),
        modality='raw frames' if 'img' in dataset.data_prefix else 'video files',
    )


def training_facts(config: Config, start: str, draws: str, processes: int) -> TrainingFacts:
    """The ``training`` section.

    Args:
        config: Resolved leaf config.
        start: What training starts from.
        draws: How the training videos were chosen.
        processes: Number of processes; each has its own batch.
    """
    loader = config.train_dataloader
    return TrainingFacts(
        start=start,
        epochs=config.train_cfg.get('max_epochs'),
        batch_size=loader.get('batch_size', 1),
        processes=processes,
        drop_last=bool(loader.get('drop_last', False)),
        optimizer=_plain(config.optim_wrapper.optimizer),
        draws=draws,
    )


def class_results(found: VideoScores) -> PerClass:
    """Accuracy of each class; average precision (Charades' definition) of multi-label tests."""
    if found.labels.ndim == 1:
        right = np.argmax(found.scores, axis=1) == found.labels
        counts = np.bincount(found.labels, minlength=len(found.classes))
        hits = np.bincount(found.labels, weights=right, minlength=len(found.classes))
        values = hits / np.where(counts, counts, np.nan)
        metric = 'top-1 accuracy'
    else:
        scores = np.where(found.failed[:, None], -np.inf, found.scores)
        precision = class_precision(scores, found.labels)
        counts, values, metric = precision.positives, precision.values, 'average precision'
    rows = zip(found.classes, counts, values, strict=True)
    return PerClass(
        metric=metric,
        classes=tuple(
            ClassResult(name, int(count), None if np.isnan(value) else float(value))
            for name, count, value in rows
        ),
    )


def origin_facts(start: float, processes: int, command: str) -> Origin:
    """The ``made`` section: date, duration, versions, machine.

    Args:
        start: :func:`time.time` at the start of the run.
        processes: Of this machine.
        command: Command line.
    """
    return Origin(
        date=datetime.datetime.now(datetime.timezone.utc).isoformat(timespec='seconds'),
        seconds=round(time.time() - start, 1),
        processes=processes,
        command=command,
        versions=dict(
            python=platform.python_version(),
            actionclip_mm=__version__,
            **installed_versions(PACKAGES),
        ),
        git_commit=_git_commit(),
        device=torch.cuda.get_device_name() if torch.cuda.is_available() else 'CPU',
    )


def _git_commit() -> str | None:
    """Commit of the checkout, ``-dirty`` if files changed since; None for an installed package."""
    git = ['git', '-C', str(PACKAGE)]
    # an installation may lie inside the repository of another project
    tracked = ['ls-files', '--error-unmatch', 'version.py']
    # tags have names; --exclude '*' keeps to hashes
    describe = ['describe', '--always', '--dirty', '--abbrev=40', '--exclude', '*']
    try:
        for arguments in (tracked, describe):
            done = subprocess.run([*git, *arguments], capture_output=True, text=True, timeout=10)
            if done.returncode != 0:
                return None
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip()


def _scores(head: Any) -> str | None:
    """Kind of scores of a head; None for raw outputs of a head of mmaction2."""
    by_average_clips = 'softmax' if head.average_clips == 'prob' else None  # mmaction2's rule
    return getattr(head, 'scores', by_average_clips)


def _flat(preprocessor: Any, name: str) -> tuple[float, ...]:
    value = getattr(preprocessor, name, None)
    return () if value is None else tuple(round(float(v), 6) for v in value.flatten())


def _plain(value: Any) -> Any:
    """JSON values; anything else becomes text."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)
