"""Evaluation: ``--dump`` with an own evaluator, tests without videos, ties, absent classes."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..utils import check_videos_read
from .fixes import fix, replace_function

Arrays = Sequence[np.ndarray]


@fix()
def dump_with_own_evaluators() -> None:
    """tools/test.py --dump takes an evaluator for a metric, and mmengine finds no such metric.

    It puts the evaluator's config into a list with DumpResults; here the others of such a list
    become further metrics of the evaluator.
    """
    from mmengine.runner import Runner

    Runner.build_evaluator = _with_further_metrics(Runner.build_evaluator)


def _with_further_metrics(build: Callable) -> Callable:
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
def refuse_tests_without_videos() -> None:
    """mmengine's evaluator gives numbers where no video could be read and all frames are black.

    A sample whose video could not be read says so (``undecodable``, of ``RobustVideoDataset``).
    Evaluators that ``counts_unreadable`` (``CompleteEvaluator``) refuse by themselves.
    """
    from mmengine.evaluator import Evaluator

    Evaluator.process = _with_counts(Evaluator.process)
    Evaluator.evaluate = _refusing_black_videos(Evaluator.evaluate)


def _with_counts(process: Callable) -> Callable:
    from mmengine.structures import BaseDataElement

    def counted(self: Any, data_samples: Any, data_batch: Any = None) -> None:
        if getattr(self, 'counts_unreadable', False):
            process(self, data_samples, data_batch)
            return
        seen, bad = getattr(self, '_read', (0, 0))
        # other models than recognizers give tensors or numbers
        more = sum(
            'undecodable' in sample
            for sample in data_samples
            if isinstance(sample, (dict, BaseDataElement))
        )
        self._read = (seen + len(data_samples), bad + more)
        process(self, data_samples, data_batch)

    return counted


def _refusing_black_videos(evaluate: Callable) -> Callable:
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

    - ``mean_class_accuracy`` averages over classes that were answered but have no video, as 0.
    - ``top_k_accuracy`` leaves ties to an unstable sort, so equal scores count by chance.
    - ``mmit_mean_average_precision`` is NaN as soon as one sample has no label.
    """
    for name, theirs in _wrong_accuracies().items():
        replace_function(theirs, _CORRECT[name])


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


_CORRECT: dict[str, Callable] = {
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
