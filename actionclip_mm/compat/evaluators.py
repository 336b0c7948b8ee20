"""``--dump`` of tools/test.py with an evaluator of one's own; tests that read no video."""

from collections.abc import Callable
from typing import Any

from .replace import is_ours, mark


def dump_beside_an_evaluator() -> None:
    """tools/test.py puts the config of an evaluator into a list with DumpResults, as if a metric.

    mmengine then looks for a metric of the evaluator's name and finds none; here the others of
    such a list become further metrics of the evaluator.
    """
    from mmengine.runner import Runner

    if not is_ours(Runner.build_evaluator):
        Runner.build_evaluator = mark(_with_metrics_beside(Runner.build_evaluator))


def _with_metrics_beside(build: Callable) -> Callable:
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


def nothing_read_is_not_a_result() -> None:
    """mmengine's evaluator gives numbers for black videos alone; then it raises here instead.

    A sample whose video could not be read says so (``undecodable``, of ``RobustVideoDataset``).
    ``CompleteEvaluator`` does without this.
    """
    from mmengine.evaluator import Evaluator

    if not is_ours(Evaluator.evaluate):
        Evaluator.process = mark(_with_counts(Evaluator.process))
        Evaluator.evaluate = mark(_refusing_black_videos(Evaluator.evaluate))


def _with_counts(process: Callable) -> Callable:
    from mmengine.structures import BaseDataElement

    def counted(self: Any, data_samples: Any, data_batch: Any = None) -> None:
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
        if seen and seen == bad:
            raise ValueError(
                f'Not one of {seen} videos could be read: check data_prefix of the data set and '
                'the files; the log has the reason for each.'
            )
        return evaluate(self, size)

    return refusing
