"""Evaluate every listed video exactly once; unreadable videos count as wrong."""

import logging
from collections.abc import Sequence
from itertools import chain, zip_longest
from typing import Any

import torch
from mmaction.evaluation import AccMetric, ConfusionMatrix
from mmaction.registry import EVALUATOR
from mmengine.dist import all_gather_object, get_dist_info, is_main_process
from mmengine.evaluator import BaseMetric, Evaluator
from mmengine.evaluator.metric import DumpResults
from mmengine.logging import print_log
from mmengine.structures import BaseDataElement
from torch import Tensor

from ..utils import check_videos_read, write_text
from ..utils.weight_values import check_scores
from .dumped_scores import score_tensors

Key = tuple[str | None, int]  # filename and sample_idx
OTHER_CLASSES, OWN_CLASSES = -1e30, -2e30  # finite, for metrics subtract and compare scores


@EVALUATOR.register_module()
class CompleteEvaluator(Evaluator):
    """mmengine's evaluator without the errors that padding and unreadable videos cause.

    A data sample with ``undecodable`` in its metainfo (set by :class:`RobustVideoDataset`) gets
    the score -2e30 for its own classes and -1e30 for all others before any metric sees it: it
    ranks below every other video in each class, and its own classes rank last. Accuracies count it
    as wrong, precisions rank it last. (The top k of k or fewer classes are always right.)

    Videos are identified by ``filename`` and ``sample_idx``. What a sampler pads or repeats counts
    once, for any number of processes. If a listed video is missing at the end (``drop_last=True``
    in the data loader), an error is logged, and ``videos/scored`` is below ``videos/listed``.

    A video without a label (-1) has no right answer: it goes to dumps but not to metrics. Their
    number is logged and returned as ``videos/unlabelled``.

    Results end with ``videos/listed``, ``videos/scored`` and ``videos/failed``.

    Args:
        metrics: As in mmengine; each must append one result per sample.
        failed_file: File for the unreadable videos, written at the end of each evaluation: lines
            of path, tab and reason. Defaults to None.

    Raises:
        ValueError: While evaluating: samples without ``sample_idx``, scores or labels, NaN scores,
            scores per view for a metric of the host, a metric that does not append one result per
            sample, no video at all, or none that could be read.
    """

    counts_unreadable = True  # for compat, which does it for mmengine's own evaluator

    def __init__(
        self, metrics: dict | BaseMetric | Sequence, failed_file: str | None = None
    ) -> None:
        super().__init__(metrics)
        self.failed_file = failed_file
        self._keys: list[Key] = []
        self._failed: dict[Key, str] = {}
        self._unlabelled: set[Key] = set()

    def process(
        self, data_samples: Sequence[BaseDataElement | dict], data_batch: Any | None = None
    ) -> None:
        """Pass the samples of a batch to each metric."""
        samples = [s.to_dict() if isinstance(s, BaseDataElement) else s for s in data_samples]
        for sample in samples:
            if 'sample_idx' not in sample:
                raise ValueError(
                    'CompleteEvaluator identifies videos by sample_idx: use RobustVideoDataset, or '
                    "add 'sample_idx' and 'filename' to meta_keys of PackActionInputs."
                )
            key = (sample.get('filename'), sample['sample_idx'])
            self._keys.append(key)
            if 'undecodable' in sample:
                self._failed[key] = sample['undecodable']
                make_worst(sample)
            label = sample.get('gt_label')
            if isinstance(label, Tensor) and label.numel() == 1 and int(label) < 0:
                self._unlabelled.add(key)
            self._check_values(sample)
        super().process(samples, data_batch)

    def evaluate(self, size: int) -> dict:
        """Compute the metrics over ``size`` listed videos."""
        mine = (self._keys, self._failed, self._unlabelled)
        self._keys, self._failed, self._unlabelled = [], {}, set()
        keys, failures, without_label = zip(*all_gather_object(mine), strict=True)
        places = _first_of_each(keys)
        failed = dict(chain.from_iterable(part.items() for part in failures))
        unlabelled = set().union(*without_label)
        if is_main_process():
            self._report(size, len(places), failed, len(unlabelled))
        (filename, _), reason = next(iter(failed.items()), (('', 0), ''))
        check_videos_read(len(places), len(failed), f" (the first is '{filename}': {reason})")
        labelled = [place for key, place in places.items() if key not in unlabelled]
        metrics: dict = {}
        for metric in self.metrics:
            order = list(places.values()) if isinstance(metric, DumpResults) else labelled
            _rearrange(metric, len(mine[0]), order)
            if order:
                _add(metrics, metric.evaluate(len(order)))
        counts = dict(listed=size, scored=len(places), failed=len(failed))
        if unlabelled:
            counts['unlabelled'] = len(unlabelled)
        # mmengine writes whole numbers as null into its JSON file
        return metrics | {f'videos/{name}': float(count) for name, count in counts.items()}

    def _check_values(self, sample: dict) -> None:
        pools = any(isinstance(metric, (AccMetric, ConfusionMatrix)) for metric in self.metrics)
        for score in score_tensors(sample):
            check_scores(score, str(sample.get('filename', 'a video')))
            if pools and score.dim() != 1:
                raise ValueError(
                    'Accuracies need one score per class for each video, got scores of shape '
                    f"{tuple(score.shape)}: set cls_head.average_clips to 'prob' or 'score'."
                )

    def _report(self, size: int, scored: int, failed: dict[Key, str], num_unlabelled: int) -> None:
        if scored != size:
            _log(
                f'INCOMPLETE: {scored} of {size} listed videos were scored. Remove drop_last from '
                'the data loader and use DefaultSampler.'
            )
        lines = [f'{filename}\t{reason}' for (filename, _), reason in failed.items()]
        if lines:
            _log('\n'.join([f'{len(lines)} of {size} videos count as wrong, unreadable:', *lines]))
        if num_unlabelled:
            _log(f'{num_unlabelled} of {size} videos have no label: no metric counts them.')
        if self.failed_file is not None:
            text = ''.join(f'{line}\n' for line in lines)
            write_text(self.failed_file, text, errors='backslashreplace')


def make_worst(sample: dict) -> None:
    """Replace the scores of a sample so that it ranks last, and its own classes last of all."""
    if 'pred_score' not in sample:
        raise ValueError(
            'A video could not be read, and without pred_score it cannot be counted as wrong: '
            f'the model gave {sorted(sample)}.'
        )
    label = sample.get('gt_label', torch.tensor([]))
    own = label[label >= 0].long() if label.numel() == 1 else label.nonzero().flatten()
    scores = sample['pred_score']
    if isinstance(scores, dict):  # several modalities
        worst = {name: _worst(score, own) for name, score in scores.items()}
    else:
        worst = {'': _worst(scores, own)}
    sample['pred_score'] = worst if isinstance(scores, dict) else worst['']
    if 'pred_label' in sample:
        sample['pred_label'] = next(iter(worst.values())).argmax(-1, keepdim=True)


def _worst(scores: Tensor, own: Tensor) -> Tensor:
    worst = torch.full_like(scores, OTHER_CLASSES, dtype=torch.float32)  # [..., C]
    worst[..., own] = OWN_CLASSES
    return worst


def _add(metrics: dict, more: dict) -> None:
    """Add the values of a metric; as in mmengine, names must be unique."""
    twice = sorted(metrics.keys() & more.keys())
    if twice:
        raise ValueError(f"Two metrics are named '{twice[0]}': give one of them a prefix.")
    metrics.update(more)


def _first_of_each(keys: Sequence[list[Key]]) -> dict[Key, tuple[int, int]]:
    """Rank and position of the first result of each video, in mmengine's order of results."""
    order: dict[Key, tuple[int, int]] = {}
    for position, row in enumerate(zip_longest(*keys)):
        for rank, key in enumerate(row):
            if key is not None:  # processes may hold different numbers of results
                order.setdefault(key, (rank, position))
    return order


def _rearrange(metric: BaseMetric, num_samples: int, order: list[tuple[int, int]]) -> None:
    """Redistribute the results of a metric so that mmengine collects them in this order."""
    if len(metric.results) != num_samples:
        raise ValueError(
            f'{type(metric).__name__} has {len(metric.results)} results of {num_samples} samples: '
            'CompleteEvaluator needs metrics that append one result per sample.'
        )
    rank, world_size = get_dist_info()
    in_place = all(at == (i % world_size, i // world_size) for i, at in enumerate(order))
    parts = (
        {rank: metric.results} if in_place else dict(enumerate(all_gather_object(metric.results)))
    )
    metric.results = [parts[source][position] for source, position in order[rank::world_size]]


def _log(message: str) -> None:
    print_log(message, logger='current', level=logging.ERROR)
