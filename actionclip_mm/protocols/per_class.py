"""Accuracy or average precision of each class of a test, from the scores of its videos."""

from typing import Any

import numpy as np

from ..evaluation import VideoScores, class_precision

ACCURACY, PRECISION = 'top-1 accuracy', 'average precision'


def measure_classes(found: VideoScores) -> dict[str, Any]:
    """The ``per_class`` section of a run.

    Args:
        found: Of a test with one label per video: accuracies. With several: average precisions by
            Charades' definition.

    Returns:
        ``metric`` and ``classes``: for each its name, its number of videos, and its value within 0
        and 1; None for a class without a video.
    """
    if found.labels.ndim == 1:
        right = np.argmax(found.scores, axis=1) == found.labels
        counts = np.bincount(found.labels, minlength=len(found.classes))
        hits = np.bincount(found.labels, weights=right, minlength=len(found.classes))
        values = [hit / count if count else None for hit, count in zip(hits, counts, strict=True)]
        metric = ACCURACY
    else:
        scores = np.where(found.failed[:, None], -np.inf, found.scores)
        precision = class_precision(scores, found.labels)
        counts, metric = precision.positives, PRECISION
        values = [None if np.isnan(value) else value for value in precision.values]
    rows = zip(found.classes, counts, values, strict=True)
    return dict(
        metric=metric,
        classes=[
            dict(name=name, videos=int(count), value=None if value is None else float(value))
            for name, count, value in rows
        ],
    )
