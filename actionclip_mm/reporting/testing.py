"""Test models on a config's list: a trained one, or its CLIP towers zero-shot."""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmaction.registry import MODELS
from mmengine.config import Config
from mmengine.registry import DefaultScope
from mmengine.runner import Runner
from torch import Tensor, nn

from ..apis.building import build_trained
from ..evaluation import CompleteEvaluator, read_video_scores
from ..evaluation.confusion import names_or_ids
from ..models.text import TextBank, read_labels
from ..utils.progress import with_progress
from ..utils.wrapped_datasets import innermost_config
from .scores import Scored, loader_of

MOST_LOGITS = 50_000_000  # similarities of views and templates that are kept: 200 MB


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
    return Scored(
        found, logits.stacked(len(found.videos)), getattr(head, 'pool', None), texts, reasons
    )


def zero_shot_model(config: Config, start: str | None = None) -> tuple[Any, str]:
    """The model of a config before training, and a description of it.

    It is the model of the checkpoint that training started from, or else CLIP's towers with mean
    pooling over frames instead of the visual prompt.

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
        return MODELS.build(model), 'CLIP with mean pooling over frames'


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


class _Logits:
    """Keeps what a VideoTextHead computes, unless it becomes too much."""

    def __init__(self, head: nn.Module) -> None:
        self.parts: list[Tensor] | None = None
        self.size = 0
        if getattr(head, 'scores', None) == 'softmax' and hasattr(head, 'pool'):
            self.parts = []
            head.register_forward_hook(self._keep)

    def _keep(self, _head: nn.Module, _args: Any, output: Tensor) -> None:
        if self.parts is None:
            return
        self.parts.append(output.float().cpu())
        self.size += output.numel()
        if self.size > MOST_LOGITS:
            self.parts = None

    def stacked(self, count: int) -> Tensor | None:
        """[N, V, P, C], or None."""
        if not self.parts:
            return None
        logits = torch.cat(self.parts)  # [N·V, P, C]
        return logits.unflatten(0, (count, -1)) if len(logits) % count == 0 else None
