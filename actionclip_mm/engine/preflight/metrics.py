"""Checks of metrics against the data and the head, and of the names that hooks monitor."""

from collections.abc import Iterator
from typing import Any

from mmaction.evaluation import AccMetric, ConfusionMatrix
from mmengine.evaluator.metric import DumpResults
from mmengine.hooks import CheckpointHook, EarlyStoppingHook

from ...datasets import RobustReading
from ...evaluation import CharadesMAP, CompleteEvaluator, OrderPairAccuracy, VideoScoresFile
from .view import Finding, LoopView, RunView, refuse, warn

OF_SEVERAL_LABELS = ('mean_average_precision', 'mmit_mean_average_precision')
OF_ONE_LABEL = ('top_k_accuracy', 'mean_class_accuracy')


def metrics_of_data(view: RunView) -> Iterator[Finding]:
    """Refuse single-label metrics of multi-label lists, and vice versa."""
    for loop in view.evaluations:
        lists = [data for data in loop.annotations if any(x is not None for x in data.labels)]
        if not lists:
            continue
        several = any(data.several for data in lists)
        for metric in loop.metrics:
            yield from _wrong_kind(metric, several, lists[0].place, loop)
        yield from _unlabelled(loop)


def _wrong_kind(metric: Any, several: bool, place: str, loop: LoopView) -> Iterator[Finding]:
    name = type(metric).__name__
    kinds = f'{place} has {"several labels" if several else "one label"} per video'
    if isinstance(metric, AccMetric):
        wrong = [key for key in metric.metrics if key in _other_kind(several)]
        if wrong:
            fitting = OF_SEVERAL_LABELS if several else OF_ONE_LABEL
            data = 'single-label' if several else 'multi-label'
            yield refuse(
                f'AccMetric {wrong[0]!r} of {loop.name}_evaluator needs {data} videos, but '
                f'{kinds}: set metric_list={fitting}{", or use CharadesMAP" if several else ""}.'
            )
    elif isinstance(metric, (ConfusionMatrix, OrderPairAccuracy)) and several:
        yield refuse(
            f'{name} of {loop.name}_evaluator needs single-label videos, but {kinds}: remove the '
            'metric.'
        )
    elif isinstance(metric, CharadesMAP) and not several:
        yield refuse(
            f'CharadesMAP of {loop.name}_evaluator needs multi-label videos, but {kinds}: set '
            'multi_class=True and num_classes of the data set and multi_class of the head, or use '
            'AccMetric.'
        )


def _other_kind(several: bool) -> tuple[str, ...]:
    return OF_ONE_LABEL if several else OF_SEVERAL_LABELS


def _unlabelled(loop: LoopView) -> Iterator[Finding]:
    measured = [
        metric for metric in loop.metrics if not isinstance(metric, (DumpResults, VideoScoresFile))
    ]
    unlabelled = sum(len(data.unlabelled) for data in loop.annotations)
    total = sum(map(len, loop.annotations))
    if measured and unlabelled and not isinstance(measured[0], CharadesMAP):
        each = 'none of them can be scored' if unlabelled == total else 'they have no right answer'
        yield warn(f'{unlabelled} of {total} videos of {loop.name} have no label: {each}.')


def metrics_of_head(view: RunView) -> Iterator[Finding]:
    """Refuse metrics that do not fit the head's scores or classes."""
    for loop in view.evaluations:
        for metric in loop.metrics:
            name = type(metric).__name__
            pooled = isinstance(metric, (AccMetric, CharadesMAP, OrderPairAccuracy))
            if view.head.average_clips is None and pooled:
                yield refuse(
                    f'{name} of {loop.name}_evaluator needs one score per class, but '
                    'cls_head.average_clips=None keeps the scores of each view: set it to '
                    "'prob' or 'score'."
                )
            classes = loop.num_classes
            if classes is None:
                continue
            if isinstance(metric, CharadesMAP) and metric.labels is not None:
                if len(metric.labels) != classes:
                    yield refuse(
                        f'CharadesMAP.labels has {len(metric.labels)} names but the head has '
                        f'{classes} classes: set it to the label list of the head.'
                    )
            elif isinstance(metric, AccMetric) and 'top_k_accuracy' in metric.metrics:
                topk = ((metric.metric_options or {}).get('top_k_accuracy') or {}).get('topk', 1)
                largest = max([topk] if isinstance(topk, int) else topk)
                if largest >= classes > 1:
                    yield warn(f'acc/top{largest} of {classes} classes is always 100 %.')
            elif isinstance(metric, OrderPairAccuracy):
                yield from _pairs(metric, loop, classes)


def _pairs(metric: OrderPairAccuracy, loop: LoopView, classes: int) -> Iterator[Finding]:
    name = f'OrderPairAccuracy.pairs of {loop.name}_evaluator'
    if max(metric.mirrors) >= classes:
        yield refuse(
            f'{name} has class {max(metric.mirrors)} but the head has {classes} classes: set the '
            'pairs of the tested classes, or remove the metric.'
        )
        return
    tested = {label for data in loop.annotations for i in range(len(data))
              for label in data.class_ids(i)}  # fmt: skip
    if tested and not tested & set(metric.mirrors):
        yield refuse(
            f'No video of {loop.annotations[0].place} belongs to a class of {name}: set the pairs '
            'of the tested classes, or remove the metric.'
        )


def unreadable_videos(view: RunView) -> Iterator[Finding]:
    """Warn if the evaluator scores the black frames of unreadable videos."""
    for loop in view.evaluations:
        robust = any(isinstance(data.dataset, RobustReading) for data in loop.annotations)
        evaluator = getattr(loop.loop, 'evaluator', None)
        if robust and evaluator is not None and not isinstance(evaluator, CompleteEvaluator):
            yield warn(
                f'{loop.name}_evaluator scores the black frames of unreadable videos: set '
                "dict(type='CompleteEvaluator', metrics=[…]) to count these videos as wrong."
            )


def monitored_keys(view: RunView) -> Iterator[Finding]:
    """Refuse monitored names that no metric reports."""
    if view.train is None or view.val is None:
        return
    given = _keys(view.val.loop.evaluator)
    if given is None:  # a metric with unknown names
        return
    wanted = [
        (f'save_best of {type(hook).__name__}', key)
        for hook in view.hooks(CheckpointHook)
        for key in hook.save_best or []
        if key != 'auto'
    ]
    wanted += [('monitor of EarlyStoppingHook', hook.monitor)
               for hook in view.hooks(EarlyStoppingHook)]  # fmt: skip
    wanted += [
        (f'monitor of {scheduler["type"]}', scheduler.get('monitor', 'loss'))
        for scheduler in _schedulers(view)
        if str(scheduler.get('type', '')).startswith('ReduceOnPlateau')
    ]
    for place, key in wanted:
        if key not in given:
            yield refuse(
                f'{place} is {key!r}, which no metric of val_evaluator reports: choose from '
                f'{", ".join(sorted(given))}.'
            )


def _schedulers(view: RunView) -> list[dict]:
    found = getattr(view.runner, 'param_schedulers', None) or []
    parts = found if isinstance(found, (list, tuple)) else [found]
    return [part for part in parts if isinstance(part, dict)]


def _keys(evaluator: Any) -> set[str] | None:
    keys: set[str] = set()
    for metric in getattr(evaluator, 'metrics', []):
        names = _names(metric)
        if names is None:
            return None
        keys |= {f'{metric.prefix}/{name}' if metric.prefix else name for name in names}
    if isinstance(evaluator, CompleteEvaluator):
        keys |= {'videos/listed', 'videos/scored', 'videos/failed'}
    return keys


def _names(metric: Any) -> list[str] | None:
    """Names of a metric's results; None if unknown."""
    if type(metric) is AccMetric:
        names = [key for key in metric.metrics if key in OF_SEVERAL_LABELS]
        if 'mean_class_accuracy' in metric.metrics:
            names.append('mean1')
        if 'top_k_accuracy' in metric.metrics:
            topk = ((metric.metric_options or {}).get('top_k_accuracy') or {}).get('topk', (1, 5))
            names += [f'top{k}' for k in ([topk] if isinstance(topk, int) else topk)]
        return names
    if isinstance(metric, OrderPairAccuracy):
        return ['accuracy']
    if isinstance(metric, CharadesMAP):
        return ['mAP', 'wAP', 'videos', 'unlabelled', 'classes']
    return [] if isinstance(metric, (DumpResults, VideoScoresFile)) else None


CHECKS = (metrics_of_data, metrics_of_head, unreadable_videos, monitored_keys)
