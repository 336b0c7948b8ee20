"""Draw the prediction of a video: frames, best labels, relevance of each frame."""

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from ..utils import printable

if TYPE_CHECKING:
    from .prediction import Prediction

MOST_FRAMES = 8


def draw_prediction(prediction: 'Prediction', topk: int) -> Figure:
    """A figure of three rows: frames, relevance over time, bars of the best labels."""
    images, frames = prediction.images(), prediction.frames
    rows = [kind for kind, there in (('frames', images), ('time', frames)) if there is not None]
    top = prediction.top(topk)
    if prediction.none_of_these is not None:
        top.append(('none of these', prediction.none_of_these))
    heights = [{'frames': 1.4, 'time': 1.6}[kind] for kind in rows] + [0.45 + 0.32 * len(top)]
    figure = Figure(figsize=(9, sum(heights) + 0.6), layout='constrained')
    figure.suptitle(printable(prediction.video), fontsize=10)
    parts = figure.subfigures(len(heights), 1, height_ratios=heights, squeeze=False)[:, 0]
    for kind, part in zip(rows, parts, strict=False):
        if kind == 'frames' and images is not None:
            _draw_frames(part, images)
        else:
            _draw_relevance(part, prediction)
    _draw_bars(parts[-1], top, prediction.are_probabilities)
    return figure


def _draw_frames(part, images: np.ndarray) -> None:
    shown = np.linspace(0, len(images) - 1, min(len(images), MOST_FRAMES)).round().astype(int)
    axes = part.subplots(1, len(shown), squeeze=False)[0]
    for axis, index in zip(axes, shown, strict=True):
        axis.imshow(images[index])
        axis.set_axis_off()


def _draw_relevance(part, prediction: 'Prediction') -> None:
    axis = part.subplots()
    frames = prediction.frames
    assert frames is not None
    times = frames.indices if frames.seconds is None else frames.seconds
    for label, _ in prediction.top(min(3, prediction.topk)):
        column = prediction.labels.index(label)
        axis.plot(times, frames.cosines[:, column], marker='o', markersize=3, label=_short(label))
    axis.set_xlabel('frame' if frames.seconds is None else 'seconds', fontsize=8)
    axis.set_ylabel('cosine', fontsize=8)
    axis.tick_params(labelsize=7)
    axis.legend(fontsize=7, loc='center left', bbox_to_anchor=(1.0, 0.5))


def _draw_bars(part, top: list[tuple[str, float]], are_probabilities: bool) -> None:
    axis = part.subplots()
    names, scores = [_short(name) for name, _ in top], [score for _, score in top]
    axis.barh(range(len(top)), scores, color=['C0'] + ['C7'] * (len(top) - 1))
    axis.set_yticks(range(len(top)), names, fontsize=8)
    axis.invert_yaxis()
    axis.tick_params(axis='x', labelsize=7)
    if are_probabilities:
        axis.set_xlim(0, 1)
    for row, score in enumerate(scores):
        text = f' {100 * score:.1f} %' if are_probabilities else f' {score:.2f}'
        axis.text(max(score, 0), row, text, va='center', fontsize=8)


def _short(name: str) -> str:
    name = printable(name).replace('$', r'\$')
    return name if len(name) <= 40 else f'{name[:39]}…'
