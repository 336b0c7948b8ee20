"""``--dump`` of tools/test.py beside an evaluator of one's own."""

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
