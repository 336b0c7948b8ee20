"""Calibration: does a confidence of 0.8 mean right in 8 of 10 cases (Guo et al., 2017).

Agrees with torchmetrics' ``multiclass_calibration_error`` (15 bins of equal width, l1 norm) and
with scikit-learn's ``roc_auc_score``.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import torch
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax
from sklearn.metrics import roc_auc_score

NUM_BINS = 15
LOWEST, HIGHEST = 1e-2, 1e2  # range of temperatures
TINY = 1e-30  # smallest probability that a log-likelihood takes as it is

Array = np.ndarray | torch.Tensor
Scores = Array | Callable[[float], Array]


class Bin(NamedTuple):
    """Videos whose confidence is within ``(low, high]``; the means are NaN if there are none."""

    low: float
    high: float
    videos: int
    confidence: float
    accuracy: float


def fit_temperature(logits: Scores, labels: Array | Sequence[int]) -> float:
    """Temperature that minimizes the negative log-likelihood of the labels.

    Logits are divided by it: above 1 it lowers the confidence. The order of the classes of a video
    stays where scores are one softmax; a mean of softmaxes may reorder close ones.

    Args:
        logits: Class logits [N, C], or a function from a temperature to probabilities [N, C], for
            scores that are more than a softmax (means over templates or views).
        labels: Class ids [N].

    Returns:
        Within 0.01 and 100.

    Raises:
        ValueError: No video, shapes that do not fit, class ids out of range, or NaN.
    """
    truth = np.asarray(labels).reshape(-1)
    fixed = _array(logits(1.0) if callable(logits) else logits)
    _check(fixed, truth)
    rows = np.arange(len(truth))

    def loss(log_temperature: float) -> float:
        temperature = float(np.exp(log_temperature))
        if callable(logits):
            logs = np.log(np.maximum(_array(logits(temperature)), TINY))
        else:
            logs = log_softmax(fixed / temperature, axis=1)
        return -float(logs[rows, truth].mean())

    bounds = (np.log(LOWEST), np.log(HIGHEST))
    # the loss of a perfect or a hopeless model is flat far out: look for the valley first
    grid = np.linspace(*bounds, 21)
    best = int(np.argmin([loss(at) for at in grid]))
    around = (grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)])
    found = minimize_scalar(loss, bounds=around, method='bounded', options=dict(xatol=1e-4))
    return float(np.exp(found.x))


def cross_fitted(
    scores: Callable[[float], Array], labels: Array | Sequence[int], seed: int = 0
) -> np.ndarray:
    """Probabilities [N, C] of each half of the videos, at the temperature fitted on the other half.

    What is measured on them does not profit from having been fitted on the same videos.

    Args:
        scores: From a temperature to probabilities [N, C].
        labels: Class ids [N]; at least 2.
        seed: Of the split into halves. Defaults to 0.
    """
    truth = np.asarray(labels).reshape(-1)
    order = np.random.default_rng(seed).permutation(len(truth))
    halves = (np.sort(order[::2]), np.sort(order[1::2]))
    result = _array(scores(1.0)).copy()
    for half, other in (halves, halves[::-1]):

        def on_other(temperature: float, rows: np.ndarray = other) -> np.ndarray:
            return _array(scores(temperature))[rows]

        temperature = fit_temperature(on_other, truth[other])
        result[half] = _array(scores(temperature))[half]
    return result


def reliability(probs: Array, labels: Array | Sequence[int], num_bins: int = NUM_BINS) -> list[Bin]:
    """Bins of a reliability diagram: videos by the probability of their first class.

    Args:
        probs: Class probabilities [N, C].
        labels: Class ids [N].
        num_bins: Bins of equal width. Defaults to 15.

    Raises:
        ValueError: As in :func:`fit_temperature`, or probabilities outside [0, 1].
    """
    confidence, right = confidences(probs, labels)
    edges = np.linspace(0, 1, num_bins + 1)
    places = np.clip(np.searchsorted(edges, confidence, side='left') - 1, 0, num_bins - 1)
    bins = []
    for place in range(num_bins):
        inside = places == place
        means = (np.nan, np.nan)
        if inside.any():
            means = (float(confidence[inside].mean()), float(right[inside].mean()))
        bins.append(Bin(edges[place], edges[place + 1], int(inside.sum()), *means))
    return bins


def expected_calibration_error(
    probs: Array, labels: Array | Sequence[int], num_bins: int = NUM_BINS
) -> float:
    """ECE: mean distance between confidence and accuracy over bins, weighted by their videos.

    Args:
        probs: Class probabilities [N, C].
        labels: Class ids [N].
        num_bins: Bins of equal width. Defaults to 15.
    """
    bins = [part for part in reliability(probs, labels, num_bins) if part.videos]
    total = sum(part.videos for part in bins)
    return sum(part.videos * abs(part.confidence - part.accuracy) for part in bins) / total


def auroc(probs: Array, labels: Array | Sequence[int]) -> float:
    """How well confidence tells right from wrong answers: 0.5 is chance, 1 is perfect.

    Args:
        probs: Class probabilities [N, C].
        labels: Class ids [N].

    Returns:
        Area under the ROC curve; NaN where all answers are right or all are wrong.
    """
    confidence, right = confidences(probs, labels)
    if right.all() or not right.any():
        return float('nan')
    return float(roc_auc_score(right, confidence))


def confidences(probs: Array, labels: Array | Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    """Largest probability of each video [N], and whether its class is right, bool [N].

    Raises:
        ValueError: As in :func:`fit_temperature`, or probabilities outside [0, 1].
    """
    values, truth = _array(probs), np.asarray(labels).reshape(-1)
    _check(values, truth)
    if values.min() < 0 or values.max() > 1 + 1e-6:
        raise ValueError(
            f'Probabilities must be within 0 and 1, got {values.min():.3g} to {values.max():.3g}: '
            'apply a softmax to logits.'
        )
    return values.max(axis=1), values.argmax(axis=1) == truth


def _array(values: Array) -> np.ndarray:
    if isinstance(values, torch.Tensor):
        values = values.detach().cpu().numpy()
    return np.asarray(values, dtype=np.float64)


def _check(values: np.ndarray, labels: np.ndarray) -> None:
    if values.ndim != 2 or len(values) != len(labels) or not values.size:
        raise ValueError(
            f'Scores {values.shape} must be videos x classes for {len(labels)} labels, and not '
            'empty.'
        )
    if not np.isfinite(values).all():
        raise ValueError('Scores must be finite: omit the videos that could not be read.')
    if labels.min() < 0 or labels.max() >= values.shape[1]:
        raise ValueError(
            f'Labels must be class ids below {values.shape[1]}, got {labels.min()} to '
            f'{labels.max()}.'
        )
