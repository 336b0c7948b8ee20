"""Average precision of each class of multi-label videos, by every definition in use.

Videos are ranked by the scores of a class; its average precision (AP) is the mean precision at its
positives. The definitions differ only in videos without a label, classes without a video, and ties.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from mmaction.evaluation import mean_average_precision
from sklearn.metrics import average_precision_score

Numbers = Sequence[float] | np.ndarray
LAST, RANKED, OMITTED = 'last', 'ranked', 'omitted'  # treatment of videos without a label


def _ties_at_once(ranks: np.ndarray, truth: np.ndarray) -> float:
    """As in scikit-learn: ties enter the ranking together, so their order does not matter."""
    return float(average_precision_score(truth, ranks))


def _host(ranks: np.ndarray, truth: np.ndarray) -> float:
    """As in mmaction2: the same steps."""
    return float(mean_average_precision(ranks[:, None], truth[:, None]))


def _ties_in_turn(ranks: np.ndarray, truth: np.ndarray) -> float:
    """Mean precision at the positives; tied videos keep the order of the list."""
    ordered = truth[np.argsort(-ranks, kind='stable')]  # [N]
    precision = np.cumsum(ordered) / np.arange(1, len(ordered) + 1)
    return float(precision[ordered].mean())


@dataclass(frozen=True)
class Definition:
    """One way to compute APs.

    Attributes:
        source: Where it comes from.
        average_precision: Ranks [N], higher is better, and truth [N] to an AP.
        unlabelled: Videos without a label are ``'last'`` in every class, ``'ranked'`` by their
            scores, or ``'omitted'``.
        missing: AP of a class without a video; NaN excludes the class from the mean.
    """

    source: str
    average_precision: Callable[[np.ndarray, np.ndarray], float] = _ties_at_once
    unlabelled: str = RANKED
    missing: float = float('nan')


DEFINITIONS = {
    'charades': Definition(
        "charades_map of the benchmark's baseline code (gsig/charades-algorithms), -inf for videos "
        'without a label; its ties come in the order of an unstable sort, here at once',
        unlabelled=LAST,
    ),
    'slowfast': Definition('get_map of PySlowFast: classes without a video are dropped'),
    'mmaction2': Definition("mmaction2's mean_average_precision: the same as slowfast's", _host),
    'sklearn_macro': Definition('scikit-learn, average="macro" over all classes', missing=0.0),
    'maxi': Definition(
        "MAXI: sklearn_macro, and its list lacks the videos without a label (1,814 of Charades')",
        unlabelled=OMITTED,
        missing=0.0,
    ),
    'torchnet': Definition(
        'mAPMeter of torchnet (BIKE, InternVideo2); its order of ties is arbitrary, here the '
        "list's",
        _ties_in_turn,
        missing=0.0,
    ),
}


@dataclass(frozen=True)
class ClassPrecision:
    """APs of a test.

    Attributes:
        values: AP of each class [C] in [0, 1]; NaN if the definition excludes the class.
        positives: Videos of each class [C].
        num_videos: N, number of ranked videos.
        num_unlabelled: How many of them have no label.
    """

    values: np.ndarray
    positives: np.ndarray
    num_videos: int
    num_unlabelled: int

    @property
    def mean(self) -> float:
        """mAP: mean over classes that are not excluded."""
        return mean_of_classes(self.values)

    @property
    def weighted(self) -> float:
        """wAP: mean weighted by the number of videos of each class."""
        return mean_of_classes(self.values, self.positives)

    @property
    def num_classes(self) -> int:
        """Classes in the mean."""
        return int(np.isfinite(self.values).sum())


def mean_of_classes(values: Numbers, weights: Numbers | None = None) -> float:
    """Mean over the classes that are not NaN; NaN if there are none, or all weights are 0.

    Args:
        values: APs [C].
        weights: Weight of each class [C]. Defaults to equal weights.
    """
    known = np.isfinite(values)
    shares = np.ones(len(values)) if weights is None else np.asarray(weights)
    if not shares[known].any():
        return float('nan')
    return float(np.average(np.asarray(values)[known], weights=shares[known]))


def class_precision(
    scores: np.ndarray, truth: np.ndarray, definition: str = 'charades'
) -> ClassPrecision:
    """AP of each class.

    Args:
        scores: [N, C], higher is better; infinities are allowed.
        truth: bool [N, C].
        definition: One of :data:`DEFINITIONS`.

    Raises:
        ValueError: Unknown definition, shapes that do not match, NaN scores, or no label at all.
    """
    rules = find_definition(definition)
    scores, truth = np.asarray(scores), np.asarray(truth, dtype=bool)
    if scores.ndim != 2 or scores.shape != truth.shape:
        raise ValueError(
            f'Scores and labels must be videos x classes, got scores {scores.shape} and labels '
            f'{truth.shape}.'
        )
    if np.isnan(scores).any():
        bad = int(np.isnan(scores).any(axis=1).argmax())
        raise ValueError(
            f'The scores of video {bad} of {len(scores)} are NaN: test a model whose training did '
            'not diverge.'
        )
    if not truth.any():
        raise ValueError(f'None of {len(truth)} videos has a label: use the labelled list.')
    labelled = np.flatnonzero(truth.any(axis=1))
    if rules.unlabelled == OMITTED:
        scores, truth = scores[labelled], truth[labelled]
    elif rules.unlabelled == LAST:
        known, scores = scores, np.full(scores.shape, -np.inf)
        scores[labelled] = known[labelled]
    values = [_one_class(s, t, rules) for s, t in zip(scores.T, truth.T, strict=True)]
    return ClassPrecision(
        np.array(values), truth.sum(axis=0), len(truth), len(truth) - len(labelled)
    )


def find_definition(name: str) -> Definition:
    """Return the definition of a name.

    Raises:
        ValueError: Unknown name.
    """
    if name not in DEFINITIONS:
        raise ValueError(
            f'definition must be one of {", ".join(map(repr, DEFINITIONS))}, got {name!r}.'
        )
    return DEFINITIONS[name]


def _one_class(scores: np.ndarray, truth: np.ndarray, rules: Definition) -> float:
    if not truth.any():
        return rules.missing
    # ranks keep order and ties and make -inf a number, which scikit-learn would refuse
    ranks = np.unique(scores, return_inverse=True)[1].reshape(-1)
    return rules.average_precision(ranks, truth)
