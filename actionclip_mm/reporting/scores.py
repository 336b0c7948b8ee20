"""Scores of a list of videos: read from files, and calibrated."""

import os
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope
from scipy.special import softmax
from torch import Tensor

from ..evaluation import (
    VideoScores,
    auroc,
    expected_calibration_error,
    fit_temperature,
    read_dump,
    read_video_scores,
)
from ..evaluation.calibration import cross_fitted
from ..evaluation.confusion import names_or_ids
from ..models.text import read_labels
from ..protocols.configs import ROBUST
from ..utils.wrapped_datasets import innermost_config


@dataclass(frozen=True)
class Scored:
    """Scores of a list of videos.

    Attributes:
        found: Videos, classes, scores and labels.
        logits: Similarities [N, V, P, C] where the scores are a softmax of them and they fit into
            memory.
        pool: The head's function from logits and a temperature to scores [N, C].
        texts: Normalised class text features [C, D], mean over templates.
        reasons: Why videos could not be read, by path.
    """

    found: VideoScores
    logits: Tensor | None = None
    pool: Any = None
    texts: np.ndarray | None = None
    reasons: dict[str, str] | None = None

    @property
    def multi_label(self) -> bool:
        """Whether a video has any number of classes."""
        return self.found.labels.ndim == 2

    def probabilities(self, temperature: float = 1.0) -> np.ndarray:
        """Class probabilities [N, C] at a temperature.

        Without the similarities of views and templates, the logarithms of probabilities (or the
        scores, if they are something else) stand for them: exact for one view and one template.
        """
        if self.logits is not None:
            return self.pool(self.logits, temperature).numpy()
        scores = np.asarray(self.found.scores, dtype=np.float64)
        if (scores >= 0).all() and np.allclose(scores.sum(axis=1), 1, atol=1e-3):
            if temperature == 1:
                return scores
            scores = np.log(np.maximum(scores, 1e-12))
        return softmax(scores / temperature, axis=1)

    def kept(self, rows: np.ndarray) -> 'Scored':
        """The same of some of the videos."""
        found = self.found
        part = VideoScores(
            tuple(video for video, keep in zip(found.videos, rows, strict=True) if keep),
            found.classes,
            found.scores[rows],
            found.labels[rows],
            found.failed[rows],
        )
        logits = None if self.logits is None else self.logits[torch.from_numpy(rows)]
        return Scored(part, logits, self.pool, self.texts, self.reasons)


class Calibration(NamedTuple):
    """What a temperature changes.

    Attributes:
        labels: Class ids [N] of the videos that could be read.
        temperature: Fitted on all of them.
        before: Probabilities [N, C] at temperature 1.
        after: Probabilities [N, C] of each half, at the temperature fitted on the other half; None
            for a single video.
    """

    labels: np.ndarray
    temperature: float
    before: np.ndarray
    after: np.ndarray | None

    def figures(self) -> dict[str, float | None]:
        """Temperature, ECE before and after, AUROC (None where it is not defined)."""
        area = auroc(self.before, self.labels)
        after = self.after
        return dict(
            temperature=self.temperature,
            ece=expected_calibration_error(self.before, self.labels),
            ece_after=None if after is None else expected_calibration_error(after, self.labels),
            auroc=None if np.isnan(area) else area,
        )


def calibrate(scored: Scored) -> Calibration | None:
    """Fit a temperature; None for multi-label scores, or if no video could be read."""
    if scored.multi_label or scored.found.failed.all():
        return None
    scored = scored.kept(~scored.found.failed)
    labels = scored.found.labels
    return Calibration(
        labels,
        fit_temperature(scored.probabilities, labels),
        scored.probabilities(),
        cross_fitted(scored.probabilities, labels) if len(labels) > 1 else None,
    )


def loader_of(config: Config, split: str) -> Any:
    """Config of the loader of a list, in the order of the list.

    Raises:
        ValueError: The config has none.
    """
    loader = config.get(f'{split}_dataloader')
    if not loader:
        raise ValueError(f'The config has no {split}_dataloader: choose another --split.')
    loader = deepcopy(loader)
    loader.drop_last = False
    loader.sampler = dict(type='DefaultSampler', shuffle=False)
    dataset = innermost_config(loader.dataset)
    dataset.type = ROBUST.get(dataset.type, dataset.type)  # unreadable videos count as wrong
    dataset.test_mode = True
    return loader


def read_scores(path: Path, config: Config | None, labels: str | None, split: str) -> Scored:
    """Scores of an earlier test.

    Args:
        path: A ``.safetensors`` file of :class:`VideoScoresFile`, or a dump of ``test --dump``.
        config: Config of the run, which names the videos and classes of a dump.
        labels: Class names instead of those of the config: a label file.
        split: Which list of the config was tested.

    Raises:
        FileNotFoundError: No such file.
        ValueError: A file of something else, or names that do not fit.
    """
    is_dump = path.suffix != '.safetensors'
    if labels is None and is_dump and config is not None:
        head = config.model.get('cls_head') or {}
        labels = (head.get('label_encoder') or {}).get('labels')
    given = None if labels is None else read_labels(labels, split_names=False)
    if not is_dump:
        found = read_video_scores(path)
        if given is not None:
            found = found._replace(classes=tuple(names_or_ids(given, len(found.classes))))
        return Scored(found)
    scores, truth = read_dump(path)
    names = names_or_ids(given, scores.shape[1])
    failed = ~np.isfinite(scores).all(axis=1)
    single = bool((truth.sum(axis=1) == 1).all())
    multi = config is not None and (config.model.get('cls_head') or {}).get('multi_class', False)
    targets = truth if multi or not single else truth.argmax(axis=1)
    videos = _videos(config, split, len(scores))
    return Scored(VideoScores(videos, tuple(names), scores, targets, failed))


def find_video(name: str, config: Config | None) -> str:
    """Path of a video that scores name, which is relative to the folder of a data set."""
    if os.path.exists(name) or config is None:
        return name
    for split in ('val', 'test', 'train'):
        loader = config.get(f'{split}_dataloader')
        dataset = innermost_config(loader.dataset) if loader else {}
        for prefix in (dataset.get('data_prefix') or {}).values():
            path = os.path.join(dataset.get('data_root') or '', prefix, name)
            if os.path.exists(path):
                return path
    return name


def _videos(config: Config | None, split: str, count: int) -> tuple[str, ...]:
    """Names of the videos of a dump, which holds none: those of the list, if it has as many."""
    if config is not None and config.get(f'{split}_dataloader'):
        from mmaction.registry import DATASETS

        with DefaultScope.overwrite_default_scope(config.get('default_scope', 'mmaction')):
            dataset = DATASETS.build(loader_of(config, split).dataset)
        if len(dataset) == count:
            infos = [dataset.get_data_info(index) for index in range(count)]
            return tuple(str(info.get('filename') or info.get('frame_dir')) for info in infos)
    return tuple(f'video {index}' for index in range(count))
