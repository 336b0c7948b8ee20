"""Mean average precision of multi-label videos, by Charades' definition and others."""

from collections.abc import Sequence

import numpy as np
import torch
from mmaction.registry import METRICS
from mmengine.evaluator import BaseMetric
from mmengine.logging import print_log

from ..models.text import read_labels
from .average_precision import class_precision, find_definition
from .class_table import check_table_path, class_rows, write_class_rows


@METRICS.register_module()
class CharadesMAP(BaseMetric):
    """mAP and wAP over all videos at once, not a mean over batches.

    The benchmark's definition ranks videos without a label last in every class, excludes classes
    without a video, and averages over classes. A sample with ``undecodable`` (see
    :class:`CompleteEvaluator`) is ranked as if its scores were -inf.

    Results, after the prefix: ``mAP``, ``wAP`` (weighted by the videos of each class), ``videos``
    (ranked videos), ``unlabelled`` (those without a label) and ``classes`` (number in the mean).
    Precisions are in [0, 1].

    Args:
        definition: ``'charades'`` (default), ``'slowfast'``, ``'mmaction2'``, ``'sklearn_macro'``,
            ``'maxi'`` or ``'torchnet'``; see docs/charades.md.
        per_class_file: ``.csv`` or ``.json`` file for the AP of each class, replaced at each
            evaluation. Defaults to None.
        labels: Class names for that file, a list or a label file. Defaults to ``class 0``, ….
        collect_device: As in mmengine.
        prefix: As in mmengine. Defaults to the name of the definition.

    Raises:
        FileNotFoundError: No such label file.
        ValueError: Unknown definition or format; while testing, samples without a multi-hot label
            or with scores per view, NaN scores, or no label at all.
    """

    def __init__(
        self,
        definition: str = 'charades',
        per_class_file: str | None = None,
        labels: str | Sequence[str] | None = None,
        collect_device: str = 'cpu',
        prefix: str | None = None,
    ) -> None:
        find_definition(definition)
        super().__init__(collect_device=collect_device, prefix=prefix or definition)
        if per_class_file is not None:
            check_table_path(per_class_file)
        self.definition = definition
        self.per_class_file = per_class_file
        self.labels = None if labels is None else read_labels(labels)

    def process(self, data_batch: object, data_samples: Sequence[dict]) -> None:
        """Keep scores and labels, one result per sample."""
        for sample in data_samples:
            scores = torch.as_tensor(sample['pred_score']).float().cpu().numpy()
            truth = torch.as_tensor(sample['gt_label']).cpu().numpy() > 0
            if scores.ndim != 1 or scores.shape != truth.shape:
                raise ValueError(
                    'CharadesMAP needs one score and one label per class, got shapes '
                    f'{scores.shape} and {truth.shape} for a video: set multi_class=True and '
                    'num_classes of the data set, and average_clips of the head.'
                )
            if 'undecodable' in sample:
                scores = np.full_like(scores, -np.inf)
            self.results.append((scores, truth))

    def compute_metrics(self, results: list[tuple[np.ndarray, np.ndarray]]) -> dict[str, float]:
        """Compute the results listed above."""
        scores, truth = (np.stack(rows) for rows in zip(*results, strict=True))
        precision = class_precision(scores, truth, self.definition)
        missing = np.flatnonzero(precision.positives == 0)
        if len(missing):
            print_log(
                f'{len(missing)} of {len(precision.values)} classes have no video '
                f"(definition '{self.definition}' takes {precision.num_classes} classes): "
                f'{", ".join(map(str, missing))}.',
                logger='current',
            )
        if self.per_class_file is not None:
            write_class_rows(class_rows(precision, self.labels), self.per_class_file)
        return dict(
            mAP=precision.mean,
            wAP=precision.weighted,
            videos=precision.num_videos,
            unlabelled=precision.num_unlabelled,
            classes=precision.num_classes,
        )
