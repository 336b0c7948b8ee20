"""Score the videos of a config's list: with a trained model, or zero-shot with its CLIP towers."""

import os
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from mmaction.registry import MODELS
from mmengine.config import Config
from mmengine.registry import DefaultScope
from mmengine.runner import Runner
from scipy.special import softmax
from torch import Tensor, nn

from ..apis.building import build_trained
from ..evaluation import (
    CompleteEvaluator,
    VideoScores,
    auroc,
    expected_calibration_error,
    fit_temperature,
    read_dump,
    read_video_scores,
)
from ..evaluation.calibration import cross_fitted
from ..evaluation.confusion import names_or_ids
from ..models.text import TextBank, read_labels
from ..utils.progress import with_progress
from ..utils.wrapped_datasets import innermost_config

MOST_LOGITS = 50_000_000  # similarities of views and templates that are kept: 200 MB


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


def score_list(
    model: Any, config: Config, split: str, out: Path, device: str, labels: str | None = None
) -> Scored:
    """Test a model on the list of ``{split}_dataloader``, as ``actionclip test`` would.

    Args:
        model: A recognizer.
        config: Its config.
        split: ``'val'`` or ``'test'``.
        out: A ``.safetensors`` file for the scores.
        device: Where to compute.
        labels: Label file, for names of a head without texts.
    """
    loader_config = loader_of(config, split)
    dataset = innermost_config(loader_config.dataset)
    prefix = dataset.get('data_prefix') or {}
    root = str(next(iter(prefix.values()), '')) if len(prefix) == 1 else ''
    _switch_labels(model, config, split)
    head = model.cls_head
    given = _names(model) if labels is None else read_labels(labels, split_names=False)
    names = names_or_ids(given, head.num_classes)
    with DefaultScope.overwrite_default_scope(config.get('default_scope', 'mmaction')):
        writer = dict(
            type='VideoScoresFile', out_file=str(out), labels=names, root=root.rstrip('/')
        )
        evaluator = CompleteEvaluator(writer)
        loader = Runner.build_dataloader(loader_config, seed=0)
    model.to(device).eval()
    logits = _Logits(head)
    reasons: dict[str, str] = {}
    with torch.no_grad():
        for batch in with_progress(loader, 'scoring batches'):
            samples = model.test_step(batch)
            reasons |= {s.filename: s.undecodable for s in samples if 'undecodable' in s}
            evaluator.process(samples, batch)
        evaluator.evaluate(len(loader.dataset))
        texts = _text_features(model)
    found = read_video_scores(out)
    return Scored(found, logits.stacked(len(found.videos)), _pooling(head), texts, reasons)


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
    innermost_config(loader.dataset).test_mode = True
    return loader


def zero_shot_model(config: Config, start: str | None = None) -> tuple[Any, str]:
    """The model of a config before its training, and what it is.

    The whole model of the checkpoint that it started from, or else CLIP's towers with the mean of
    the frames instead of the visual prompt.

    Args:
        config: Config of the run.
        start: Checkpoint that the run started from, or None.

    Raises:
        ValueError: The model is not a pair of CLIP towers, or has no weights to start from.
        FileNotFoundError: Weights that are not there.
    """
    model = deepcopy(config.model)
    head: Any = model.get('cls_head') or {}
    if 'label_encoder' not in head:
        raise ValueError('its head compares no texts')
    if start is not None:
        return build_trained(config, start), f'before training ({start})'
    backbone = model.get('backbone') or {}
    if backbone.get('type') != 'CLIPImageEncoder':
        raise ValueError(f'its backbone {backbone.get("type")} is not an image tower of CLIP')
    if not backbone.get('pretrained'):
        raise ValueError('the config has neither load_from nor pretrained weights')
    backbone.pop('visual_prompt', None)
    model.neck = dict(type='MeanPPrompt')
    head.label_encoder.pop('context', None)
    for key in ('loss_cls', 'in_channels', 'scores', 'test_scale'):  # those of CLIP itself
        head.pop(key, None)
    with DefaultScope.overwrite_default_scope(config.get('default_scope', 'mmaction')):
        return MODELS.build(model), 'CLIP with the mean of the frames'


def with_texts(scored: Scored, config: Config, checkpoint: str) -> Scored:
    """Add the class text features of a checkpoint to given scores.

    Raises:
        ValueError: The checkpoint does not fit the config, or its head has no texts.
    """
    model: Any = build_trained(config, checkpoint).eval()
    if _names(model) is None:
        return scored
    if len(_names(model) or ()) != len(scored.found.classes):
        model.cls_head.set_labels(list(scored.found.classes))
    with torch.no_grad():
        return replace(scored, texts=_text_features(model))


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


def _names(model: Any) -> Sequence[str] | None:
    encoder = getattr(model.cls_head, 'label_encoder', None)
    return None if encoder is None else encoder.labels


def _switch_labels(model: Any, config: Config, split: str) -> None:
    """Classes that a LabelSwitchHook of the config sets for this list."""
    for hook in config.get('custom_hooks') or []:
        if hook.get('type') == 'LabelSwitchHook' and hook.get(split) is not None:
            model.cls_head.set_labels(hook[split], hook.get('templates'))


def _text_features(model: Any) -> np.ndarray | None:
    encoder = getattr(model.cls_head, 'label_encoder', None)
    if encoder is None:
        return None
    bank = TextBank(encoder.labels, encoder(), encoder.num_sentences)
    return bank.mean().float().cpu().numpy()


def _pooling(head: nn.Module) -> Any:
    return getattr(head, 'pool', None)


class _Logits:
    """Keeps what a VideoTextHead computes, unless it becomes too much."""

    def __init__(self, head: nn.Module) -> None:
        self.parts: list[Tensor] | None = None
        if getattr(head, 'scores', None) == 'softmax' and _pooling(head) is not None:
            self.parts = []
            head.register_forward_hook(self._keep)

    def _keep(self, _head: nn.Module, _args: Any, output: Tensor) -> None:
        if self.parts is None:
            return
        self.parts.append(output.float().cpu())
        if sum(part.numel() for part in self.parts) > MOST_LOGITS:
            self.parts = None

    def stacked(self, count: int) -> Tensor | None:
        """[N, V, P, C], or None."""
        if not self.parts:
            return None
        logits = torch.cat(self.parts)  # [N·V, P, C]
        return logits.unflatten(0, (count, -1)) if len(logits) % count == 0 else None
