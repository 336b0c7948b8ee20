"""Accuracies and confusions of a single-label test, from class scores."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from mmaction.evaluation import ConfusionMatrix, mean_class_accuracy, top_k_accuracy
from scipy.cluster.hierarchy import leaves_list, linkage
from scipy.spatial.distance import squareform


class ConfusedPair(NamedTuple):
    """Videos of class ``truth`` that were labelled ``predicted``, and their share of the class."""

    truth: int
    predicted: int
    videos: int
    share: float


def accuracies(scores: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    """Top-1, top-5 and mean class accuracy, within 0 and 1.

    Args:
        scores: [N, C], higher is better.
        labels: Class ids [N].

    Returns:
        ``top-1``, ``top-5`` (with more than 5 classes) and ``mean class``, the mean over classes
        that have a video.
    """
    ks = (1, 5) if scores.shape[1] > 5 else (1,)
    values = top_k_accuracy(list(scores), labels.tolist(), ks)
    named = {f'top-{k}': float(value) for k, value in zip(ks, values, strict=True)}
    named['mean class'] = float(mean_class_accuracy(list(scores), labels.tolist()))
    return named


def count_confusions(scores: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Videos by class and predicted class, int [C, C]; a row is a true class."""
    predicted = scores.argmax(axis=1)
    return ConfusionMatrix.calculate(predicted, labels, scores.shape[1]).numpy()


def class_accuracies(matrix: np.ndarray) -> np.ndarray:
    """Accuracy of each class [C]; NaN for a class without a video."""
    totals = matrix.sum(axis=1)
    return np.where(totals > 0, matrix.diagonal() / np.maximum(totals, 1), np.nan)


def most_confused(matrix: np.ndarray, most: int | None = None) -> list[ConfusedPair]:
    """Pairs of different classes that were confused, the most videos first, then the share."""
    totals = matrix.sum(axis=1)
    pairs = [
        ConfusedPair(truth, found, count, count / int(totals[truth]))
        for truth, found in np.argwhere(matrix).tolist()
        if truth != found
        for count in [int(matrix[truth, found])]
    ]
    return sorted(pairs, key=lambda pair: (-pair.videos, -pair.share, pair))[:most]


def choose_classes(matrix: np.ndarray, most: int) -> np.ndarray:
    """Classes for a confusion matrix that stays legible.

    Args:
        matrix: Confusions [C, C].
        most: Classes to keep.

    Returns:
        All ids in their order if there are no more than ``most``. Otherwise those of the most
        confused pairs, ordered so that classes confused with each other are neighbours.
    """
    if len(matrix) <= most:
        return np.arange(len(matrix))
    chosen: dict[int, None] = {}
    for pair in most_confused(matrix):
        new = {pair.truth, pair.predicted} - chosen.keys()
        if len(chosen) + len(new) > most:
            break
        chosen.update(dict.fromkeys(sorted(new)))
    ids = np.array(sorted(chosen), dtype=int)
    return ids if len(ids) < 3 else ids[_order(matrix[np.ix_(ids, ids)])]


def _order(matrix: np.ndarray) -> np.ndarray:
    """Leaves of a clustering by confusions in both directions."""
    together = (matrix + matrix.T) / np.maximum(matrix.sum(axis=1).max(), 1)
    distance = 1 - np.clip(together, 0, 1)
    np.fill_diagonal(distance, 0)
    tree = linkage(squareform(distance, checks=False), 'average', optimal_ordering=True)
    return leaves_list(tree)


def names_or_ids(names: Sequence[str] | None, count: int) -> list[str]:
    """Class names, or ``class 0``, … without any.

    Raises:
        ValueError: Another number of names than classes.
    """
    if names is None:
        return [f'class {index}' for index in range(count)]
    if len(names) != count:
        raise ValueError(
            f'There are {len(names)} class names for scores of {count} classes: give the label '
            'list of the model that was tested.'
        )
    return list(names)
