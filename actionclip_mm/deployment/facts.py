"""What a runtime has to know about an exported model: preprocessing, labels, scores, versions."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from mmaction.datasets.transforms import Resize
from torch import nn

from ..apis.inferencer import ActionCLIPInferencer
from ..apis.inputs import Source
from ..converters.description import PACKAGES
from ..datasets.transforms import CLIPResize
from ..models.heads.score_pooling import TEMPLATES
from ..utils.versions import installed_versions

SCHEMA = '1'  # of the facts


def shape_of_clips(inferencer: ActionCLIPInferencer) -> tuple[int, ...]:
    """V, 3, T, H, W of the test pipeline.

    Raises:
        ValueError: A pipeline of another layout.
    """
    frames = np.zeros((64, 240, 320, 3), np.uint8)
    shape = tuple(inferencer.read(Source('a blank video', frames)).data['inputs'].shape)
    if len(shape) != 5 or shape[1] != 3:
        raise ValueError(
            f'The test pipeline gives {list(shape)}, not [V, 3, T, H, W]: set FormatShape to '
            "input_format='NCTHW'."
        )
    return shape


def facts_of(inferencer: ActionCLIPInferencer, **source: str) -> dict[str, Any]:
    """Everything that a runtime needs to know, in JSON's types.

    Args:
        inferencer: The model with its test pipeline, labels and templates.
        **source: Where it comes from (``source_file``, ``source_sha256``).

    Returns:
        ``schema``, ``preprocessing``, ``scores``, ``labels``, ``templates``, ``versions`` and
        ``source``.

    Raises:
        ValueError: A head without texts, no labels, or a test pipeline of another layout.
    """
    bank = inferencer.bank()
    head = inferencer.model.cls_head
    scale = head.logit_scale.exp().item() if head.test_scale is None else head.test_scale
    ensemble = 'score' if TEMPLATES in head.pool_scores.before_activation else 'prob'
    facts = dict(
        schema=SCHEMA,
        preprocessing=preprocessing(inferencer),
        scores=dict(
            kind=head.scores,
            ensemble='embed' if head.averages_texts else ensemble,
            average_clips=head.pool_scores.average_clips,
            scale=scale,
            temperature=inferencer.matcher.temperature,
        ),
        labels=bank.labels,
        templates=inferencer.prompts,
        versions=installed_versions(PACKAGES),
        **source,
    )
    return json.loads(json.dumps(facts, default=_plain))


def preprocessing(inferencer: ActionCLIPInferencer) -> dict[str, Any]:
    """From a video to the input ``video``.

    Returns:
        ``frames`` (T), ``views`` (V), ``size`` [H, W], ``mean`` and ``std`` of pixels in [0, 255],
        ``channels``, ``sampler``, ``resize``, ``crop``, and the whole ``pipeline`` as configured.
    """
    views, _, frames, height, width = shape_of_clips(inferencer)
    pixels = inferencer.model.data_preprocessor
    steps = inferencer.read.transforms
    return dict(
        frames=frames,
        views=views,
        size=[height, width],
        mean=_three(pixels, 'mean', 0.0),
        std=_three(pixels, 'std', 1.0),
        channels='BGR' if getattr(pixels, 'to_rgb', False) else 'RGB',
        sampler=_last(steps, 'clip_len', ('clip_len', 'frame_interval', 'num_clips')),
        resize=_resize(steps),
        crop=_last(steps, 'crop_size', ('crop_size',)),
        pipeline=inferencer.read.pipeline,
    )


def as_strings(facts: Mapping[str, Any]) -> dict[str, str]:
    """Facts as the metadata of a file: strings as they are, everything else as JSON."""
    return {
        key: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        for key, value in facts.items()
    }


def _plain(value: Any) -> Any:
    return value.tolist() if hasattr(value, 'tolist') else str(value)  # numpy's numbers


def _three(pixels: nn.Module, name: str, default: float) -> list[float]:
    value = getattr(pixels, name, None)
    return [default] * 3 if value is None else value.flatten().tolist()


def _last(steps: Sequence[Any], mark: str, names: Sequence[str]) -> dict[str, Any] | None:
    """Type and settings of the last transform that has an attribute."""
    for step in reversed(steps):
        if hasattr(step, mark):
            found = {name: getattr(step, name) for name in names if hasattr(step, name)}
            return dict(type=type(step).__name__, **found)
    return None


def _resize(steps: Sequence[Any]) -> dict[str, Any] | None:
    """The last resizing: to the ``short_side``, or to ``width`` and ``height``."""
    for step in reversed(steps):
        if isinstance(step, Resize):
            found = dict(
                interpolation=step.interpolation,
                antialias=isinstance(step, CLIPResize),
                keep_ratio=step.keep_ratio,
            )
            if not isinstance(step.scale, tuple):
                return dict(factor=step.scale, **found)
            width, height = step.scale
            if width == np.inf:
                return dict(short_side=height, **found)
            return dict(width=width, height=height, **found)
    return None
