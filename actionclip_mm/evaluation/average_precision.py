"""Average precision of each class of multi-label videos, by each definition that is in use.

The videos are ranked by the scores of a class; its average precision (AP) is the mean precision at
its positives. The definitions differ in three places only: in videos without a label, in classes
without a video, and in ties.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from mmaction.evaluation import mean_average_precision
from sklearn.metrics import average_precision_score

Numbers = Sequence[float] | np.ndarray
LAST, RANKED, LEFT_OUT = 'last', 'ranked', 'left out'  # what becomes of videos without a label


def _ties_at_once(ranks: np.ndarray, truth: np.ndarray) -> float:
    """scikit-learn's: tied videos enter the ranking together, so their order does not matter."""
    return float(average_precision_score(truth, ranks))


def _host(ranks: np.ndarray, truth: np.ndarray) -> float:
    """mmaction2's: the same steps."""
    return float(mean_average_precision(ranks[:, None], truth[:, None]))


def _ties_in_turn(ranks: np.ndarray, truth: np.ndarray) -> float:
    """Mean of the precisions at the positives; tied videos come in the order of the list."""
    ordered = truth[np.argsort(-ranks, kind='stable')]  # [N]
    precision = np.cumsum(ordered) / np.arange(1, len(ordered) + 1)
    return float(precision[ordered].mean())


@dataclass(frozen=True)
class Definition:
    """One way to compute the APs.

    Attributes:
        source: Whose it is.
        average_precision: From ranks [N], higher is better, and truth [N] to an AP.
        unlabelled: Videos without a label are ``'last'`` in every class, ``'ranked'`` by their
            scores, or ``'left out'``.
        missing: AP of a class without a video; NaN leaves the class out of the mean.
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
        unlabelled=LEFT_OUT,
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
    """The APs of a run.

    Attributes:
        values: AP of each class [C], within 0 and 1; NaN where the definition leaves it out.
        positives: Videos of each class [C].
        num_videos: N, videos that were ranked.
        num_unlabelled: How many of them have no label.
    """

    values: np.ndarray
    positives: np.ndarray
    num_videos: int
    num_unlabelled: int

    @property
    def mean(self) -> float:
        """mAP: the mean over classes that are not left out."""
        return mean_of_classes(self.values)

    @property
    def weighted(self) -> float:
        """wAP: the mean weighted by the number of each class' videos."""
        return mean_of_classes(self.values, self.positives)

    @property
    def num_classes(self) -> int:
        """Classes in the mean."""
        return int(np.isfinite(self.values).sum())


def mean_of_classes(values: Numbers, weights: Numbers | None = None) -> float:
    """The mean over the classes that are not NaN; NaN if there is none, or none has a weight.

    Args:
        values: APs [C].
        weights: Of each class [C]. Defaults to the same for all.
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
        ValueError: Unknown definition, arrays that do not fit, scores that are not a number, or not
            one label.
    """
    rules = find_definition(definition)
    scores, truth = np.asarray(scores), np.asarray(truth, dtype=bool)
    if scores.ndim != 2 or scores.shape != truth.shape:
        raise ValueError(
            f'Scores {scores.shape} and labels {truth.shape} came: both must be videos x classes.'
        )
    if np.isnan(scores).any():
        bad = int(np.isnan(scores).any(axis=1).argmax())
        raise ValueError(
            f'The scores of video {bad} of {len(scores)} are NaN and have no rank: test with a '
            'model whose training did not diverge.'
        )
    if not truth.any():
        raise ValueError(f'Not one of {len(truth)} videos has a label: give the labelled list.')
    labelled = np.flatnonzero(truth.any(axis=1))
    if rules.unlabelled == LEFT_OUT:
        scores, truth = scores[labelled], truth[labelled]
    elif rules.unlabelled == LAST:
        known, scores = scores, np.full(scores.shape, -np.inf)
        scores[labelled] = known[labelled]
    values = [_one_class(s, t, rules) for s, t in zip(scores.T, truth.T, strict=True)]
    return ClassPrecision(
        np.array(values), truth.sum(axis=0), len(truth), len(truth) - len(labelled)
    )


def find_definition(name: str) -> Definition:
    """The definition of a name.

    Raises:
        ValueError: There is none.
    """
    if name not in DEFINITIONS:
        raise ValueError(
            f'definition={name!r} is unknown: set one of {", ".join(map(repr, DEFINITIONS))}.'
        )
    return DEFINITIONS[name]


def _one_class(scores: np.ndarray, truth: np.ndarray, rules: Definition) -> float:
    if not truth.any():
        return rules.missing
    # ranks keep order and ties and make -inf a number, which scikit-learn would refuse
    ranks = np.unique(scores, return_inverse=True)[1].reshape(-1)
    return rules.average_precision(ranks, truth)
