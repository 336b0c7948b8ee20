"""Evaluation: ``--dump`` with custom evaluators, unread videos, ties, absent classes."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from ..utils import check_videos_read
from .fixes import fix, replace_function

Arrays = Sequence[np.ndarray]
PIECE = 4096  # videos that are ranked at once


@fix()
def dump_with_custom_evaluators() -> None:
    """tools/test.py --dump treats an evaluator as a metric, and mmengine finds no such metric.

    It lists the evaluator's config with DumpResults. The other items of such a list become metrics
    of the evaluator.
    """
    from mmengine.runner import Runner

    Runner.build_evaluator = _with_listed_metrics(Runner.build_evaluator)


def _with_listed_metrics(build: Callable) -> Callable:
    def build_evaluator(self: Any, evaluator: Any) -> Any:
        if isinstance(evaluator, list):
            inner = [part for part in evaluator if isinstance(part, dict) and 'metrics' in part]
            if len(inner) == 1:
                metrics = inner[0]['metrics']
                metrics = list(metrics) if isinstance(metrics, (list, tuple)) else [metrics]
                metrics += [part for part in evaluator if part is not inner[0]]
                evaluator = {**inner[0], 'metrics': metrics}
        return build(self, evaluator)

    return build_evaluator


@fix()
def refuse_unread_tests() -> None:
    """mmengine's evaluator prints metrics even if no video could be read and all frames are black.

    ``RobustVideoDataset`` marks samples of unreadable videos (``undecodable``). Evaluators with
    ``counts_unreadable`` (``CompleteEvaluator``) check this themselves.
    """
    from mmengine.evaluator import Evaluator

    Evaluator.process = _with_counts(Evaluator.process)
    Evaluator.evaluate = _refusing_unread_tests(Evaluator.evaluate)


def _with_counts(process: Callable) -> Callable:
    from mmengine.structures import BaseDataElement

    def counted(self: Any, data_samples: Any, data_batch: Any = None) -> None:
        if getattr(self, 'counts_unreadable', False):
            process(self, data_samples, data_batch)
            return
        seen, bad = getattr(self, '_read', (0, 0))
        # models other than recognizers return tensors or numbers
        more = sum(
            'undecodable' in sample
            for sample in data_samples
            if isinstance(sample, (dict, BaseDataElement))
        )
        self._read = (seen + len(data_samples), bad + more)
        process(self, data_samples, data_batch)

    return counted


def _refusing_unread_tests(evaluate: Callable) -> Callable:
    def refusing(self: Any, size: int) -> dict:
        from mmengine.dist import all_gather_object

        counts = all_gather_object(getattr(self, '_read', (0, 0)))
        self._read = (0, 0)
        seen, bad = map(sum, zip(*counts, strict=True))
        if seen:
            check_videos_read(seen, bad, ' (the log has the reasons)')
        return evaluate(self, size)

    return refusing


def _wrong_accuracies() -> dict[str, Callable]:
    from mmaction.evaluation.functional import accuracy

    found = {name: getattr(accuracy, name, None) for name in _CORRECT}
    return {
        name: theirs for name, theirs in found.items() if theirs and not _is_right(name, theirs)
    }


@fix(lambda: bool(_wrong_accuracies()))
def correct_accuracies() -> None:
    """mmaction2's accuracies are wrong for ties, absent classes and samples without a label.

    Each is replaced only if it is wrong:

    - ``mean_class_accuracy`` counts classes that are predicted but have no video as 0.
    - ``top_k_accuracy`` breaks ties by an unstable sort.
    - ``mmit_mean_average_precision`` is NaN if one sample has no label.
    """
    for name, theirs in _wrong_accuracies().items():
        replace_function(theirs, _CORRECT[name])


def mean_class_accuracy(scores: Arrays, labels: Sequence[int]) -> float:
    """Mean recall of the classes that have a video; NaN if there is none.

    Args:
        scores: Scores [C] of each video.
        labels: Class id of each video; videos with a negative one do not count.
    """
    truth = np.asarray(labels)
    best = [np.argmax(piece, axis=1) for piece in _pieces(scores)]
    hits = np.concatenate([*best, np.array([], int)]) == truth
    classes = np.unique(truth[truth >= 0])
    return float(np.mean([hits[truth == c].mean() for c in classes])) if len(classes) else np.nan


def top_k_accuracy(
    scores: Arrays, labels: Sequence[int], topk: tuple[int, ...] = (1,)
) -> list[float]:
    """Share of videos whose class is among the k best; the smaller id wins ties, NaN loses.

    Top-1 thus agrees with ``pred_label``, mean class accuracy and the confusion matrix, which take
    the first of equal scores.
    """
    truth, found = np.asarray(labels), []
    for start, piece in zip(range(0, len(truth), PIECE), _pieces(scores), strict=True):
        order = np.argsort(-piece, axis=1, kind='stable')[:, : max(topk)]  # [n, k]
        found.append(order == truth[start : start + PIECE, None])
    hits = np.concatenate(found)  # [N, k]
    return [hits[:, :k].any(axis=1).mean() for k in topk]


def _pieces(scores: Arrays) -> Iterator[np.ndarray]:
    """Scores [n, C] of some videos at a time: their ranks need twice the memory of the scores."""
    for start in range(0, len(scores), PIECE):
        yield np.asarray(scores[start : start + PIECE])


def mmit_mean_average_precision(scores: Arrays, labels: Arrays) -> float:
    """Average precision of each sample's classes, averaged over the samples with a label."""
    from mmaction.evaluation.functional.accuracy import binary_precision_recall_curve

    precisions = []
    for score, label in zip(scores, labels, strict=True):
        if (label == 1).any():
            precision, recall, _ = binary_precision_recall_curve(score, label)
            precisions.append(-np.sum(np.diff(recall) * np.array(precision)[:-1]))
    return float(np.mean(precisions)) if precisions else np.nan


_CORRECT: dict[str, Callable] = {
    'mean_class_accuracy': mean_class_accuracy,
    'top_k_accuracy': top_k_accuracy,
    'mmit_mean_average_precision': mmit_mean_average_precision,
}


def _is_right(name: str, function: Callable) -> bool:
    """Whether a function of the host is right on a small case."""
    if name == 'mean_class_accuracy':
        return function(list(np.eye(4)[[0, 2, 1, 3]]), [0, 0, 1, 1]) == 0.5
    if name == 'top_k_accuracy':
        ties = list(np.zeros((4, 40), np.float32))
        return list(function(ties, [0, 0, 1, 39], (1, 2))) == [0.5, 0.75]
    with np.errstate(all='ignore'):
        truth = [np.array([1, 0]), np.array([0, 0])]
        return function([np.array([0.2, 0.1])] * 2, truth) == 1.0
