"""Accuracy over pairs of classes that mirror each other in time.

A model that finds the subject but cannot tell 'moving left' from 'moving right' scores 50 %.
"""

import math
from collections.abc import Sequence
from pathlib import Path

from mmaction.registry import METRICS
from mmengine.evaluator import BaseMetric

from ..utils import read_text

Pairs = Sequence[Sequence[int]]


@METRICS.register_module()
class OrderPairAccuracy(BaseMetric):
    """Share of samples whose class scores above its mirror; an exact tie counts half.

    Samples of classes without a mirror are ignored.

    Args:
        pairs: Pairs of class ids that mirror each other, or a file with two class ids per line.
        collect_device: As in mmengine.
        prefix: As in mmengine. Defaults to ``'order'``.

    Raises:
        FileNotFoundError: No such file.
        ValueError: No pairs, not two different class ids, or a class in two pairs; while testing,
            several labels or views of a video, a class id without a score, or no sample of any
            pair.
    """

    default_prefix = 'order'

    def __init__(
        self, pairs: str | Pairs, collect_device: str = 'cpu', prefix: str | None = None
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        self.mirrors = _mirrors(read_pairs(pairs) if isinstance(pairs, str) else pairs)

    def process(self, data_batch: object, data_samples: Sequence[dict]) -> None:
        """Keep 1, 0 or, for a tie, 0.5 per sample; NaN for classes without a mirror.

        One result per sample, because mmengine removes padding by their number; not None, because
        it drops those first.
        """
        for sample in data_samples:
            scores = sample['pred_score']
            if sample['gt_label'].numel() != 1 or scores.dim() != 1:
                raise ValueError(
                    'OrderPairAccuracy needs one label and one score per class for a video, got '
                    f'labels of shape {tuple(sample["gt_label"].shape)} and scores of shape '
                    f'{tuple(scores.shape)}: set average_clips of the head, and remove the metric '
                    'from multi-label tests.'
                )
            label = int(sample['gt_label'])
            if label not in self.mirrors:
                self.results.append(math.nan)
                continue
            mirror = self.mirrors[label]
            if max(label, mirror) >= len(scores):
                raise ValueError(
                    f'OrderPairAccuracy.pairs has classes {label} and {mirror}, but there are '
                    f'{len(scores)} scores: use the pairs of the tested labels.'
                )
            margin = float(scores[label] - scores[mirror])
            self.results.append(0.5 if margin == 0 else float(margin > 0))

    def compute_metrics(self, results: list[float]) -> dict[str, float]:
        """``{'accuracy': share}``."""
        results = [result for result in results if not math.isnan(result)]
        if not results:
            raise ValueError(
                'No tested sample belongs to a class of OrderPairAccuracy.pairs: use the pairs of '
                'the tested labels, or remove the metric.'
            )
        return dict(accuracy=sum(results) / len(results))


def read_pairs(path: str) -> list[tuple[int, ...]]:
    """Read two class ids per line.

    Raises:
        FileNotFoundError: No such file.
        ValueError: A line with anything but integers, or a file that is not UTF-8 text.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(
            f"There is no pair file '{path}': set OrderPairAccuracy.pairs to a file or to pairs."
        )
    lines = [line.split() for line in read_text(Path(path)).split('\n') if line.strip()]
    for words in lines:
        if not all(word.isdecimal() for word in words):
            raise ValueError(f"'{' '.join(words)}' in {path} is not two class ids: correct it.")
    return [tuple(int(word) for word in words) for words in lines]


def _mirrors(pairs: Pairs) -> dict[int, int]:
    """Map each class id to that of its mirror."""
    mirrors: dict[int, int] = {}
    for pair in pairs:
        whole = all(isinstance(label, int) and label >= 0 for label in pair)
        if len(pair) != 2 or not whole or pair[0] == pair[1]:
            raise ValueError(
                f'OrderPairAccuracy.pairs must be of two different class ids, got {tuple(pair)}.'
            )
        if pair[0] in mirrors or pair[1] in mirrors:
            raise ValueError(
                f'OrderPairAccuracy.pairs may have each class in one pair only, got {tuple(pair)} '
                'after another pair of one of them.'
            )
        mirrors[pair[0]], mirrors[pair[1]] = pair[1], pair[0]
    if not mirrors:
        raise ValueError('OrderPairAccuracy.pairs must have at least one pair of class ids.')
    return mirrors
