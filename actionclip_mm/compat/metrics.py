"""mmaction2's accuracies: classes without a video, ties, and samples without a label."""

import sys
from collections.abc import Callable, Sequence

import numpy as np

from .replace import is_ours, mark

Arrays = Sequence[np.ndarray]


def accuracies_of_ties_and_absent_classes() -> None:
    """Replace the host's accuracies that are wrong without a word, each only if it still is.

    - ``mean_class_accuracy`` averages over classes that were answered but have no video, as 0.
    - ``top_k_accuracy`` leaves ties to an unstable sort, so equal scores count by chance.
    - ``mmit_mean_average_precision`` is NaN as soon as one sample has no label.
    """
    from mmaction.evaluation.functional import accuracy

    for name, ours in _REPLACEMENTS.items():
        theirs = getattr(accuracy, name, None)
        if theirs is not None and not is_ours(theirs) and not _is_right(name, theirs):
            _replace_everywhere(theirs, mark(ours))


def mean_class_accuracy(scores: Arrays, labels: Sequence[int]) -> float:
    """Mean recall of the classes that have a video; NaN if there is none.

    Args:
        scores: Scores [C] of each video.
        labels: Class id of each video; a negative one is no label, and the video does not count.
    """
    truth = np.asarray(labels)
    hits = np.argmax(scores, axis=1) == truth
    classes = np.unique(truth[truth >= 0])
    return float(np.mean([hits[truth == c].mean() for c in classes])) if len(classes) else np.nan


def top_k_accuracy(
    scores: Arrays, labels: Sequence[int], topk: tuple[int, ...] = (1,)
) -> list[float]:
    """Share of videos whose class is among the k best; of equal scores the smaller id is better.

    So top-1 agrees with ``pred_label``, with the mean class accuracy and with the confusion matrix,
    which take the first of equal scores. NaN is worse than any number.
    """
    order = np.argsort(-np.asarray(scores), axis=1, kind='stable')  # [N, C]
    found = order == np.asarray(labels)[:, None]
    return [found[:, :k].any(axis=1).mean() for k in topk]


def mmit_mean_average_precision(scores: Arrays, labels: Arrays) -> float:
    """Mean over the samples that have a label of the average precision of their classes."""
    from mmaction.evaluation.functional.accuracy import binary_precision_recall_curve

    precisions = []
    for score, label in zip(scores, labels, strict=True):
        if (label == 1).any():
            precision, recall, _ = binary_precision_recall_curve(score, label)
            precisions.append(-np.sum(np.diff(recall) * np.array(precision)[:-1]))
    return float(np.mean(precisions)) if precisions else np.nan


_REPLACEMENTS: dict[str, Callable] = {
    'mean_class_accuracy': mean_class_accuracy,
    'top_k_accuracy': top_k_accuracy,
    'mmit_mean_average_precision': mmit_mean_average_precision,
}


def _is_right(name: str, function: Callable) -> bool:
    """Whether a function of the host gives the known answer of a small case."""
    if name == 'mean_class_accuracy':
        return function(list(np.eye(4)[[0, 2, 1, 3]]), [0, 0, 1, 1]) == 0.5
    if name == 'top_k_accuracy':
        ties = list(np.zeros((4, 40), np.float32))
        return list(function(ties, [0, 0, 1, 39], (1, 2))) == [0.5, 0.75]
    with np.errstate(all='ignore'):
        truth = [np.array([1, 0]), np.array([0, 0])]
        return function([np.array([0.2, 0.1])] * 2, truth) == 1.0


def _replace_everywhere(theirs: Callable, ours: Callable) -> None:
    """In every module of the host that has imported it by name."""
    for name, module in list(sys.modules.items()):
        if name.split('.')[0] == 'mmaction' and module is not None:
            for attribute, value in list(vars(module).items()):
                if value is theirs:
                    setattr(module, attribute, ours)
