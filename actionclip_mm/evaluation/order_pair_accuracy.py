"""How often the order of the frames is read right, whatever else is: an accuracy over pairs.

It separates the two halves of an action's name, so that a model which always finds the subject but
cannot tell 'moving left' from 'moving right' shows 50 %.
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

    Samples of classes without a mirror are left out.

    Args:
        pairs: Pairs of class ids that mirror each other in time, or a file with two class ids per
            line.
        collect_device: As in mmengine.
        prefix: As in mmengine. Defaults to ``'order'``.

    Raises:
        FileNotFoundError: No such file.
        ValueError: No pairs, or something that is not two different class ids, or a class in two
            pairs; when testing, several labels or views of a video, a class id that has no score,
            or no sample of any pair.
    """

    default_prefix = 'order'

    def __init__(
        self, pairs: str | Pairs, collect_device: str = 'cpu', prefix: str | None = None
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        self.mirrors = _mirrors(read_pairs(pairs) if isinstance(pairs, str) else pairs)

    def process(self, data_batch: object, data_samples: Sequence[dict]) -> None:
        """Keeps what each sample is worth: 1, 0 or, at a tie, a half; NaN if it has no mirror.

        One result per sample, for mmengine cuts off by their number what samplers pad, and no
        None, which it drops beforehand.
        """
        for sample in data_samples:
            scores = sample['pred_score']
            if sample['gt_label'].numel() != 1 or scores.dim() != 1:
                raise ValueError(
                    f'OrderPairAccuracy got labels of shape {tuple(sample["gt_label"].shape)} and '
                    f'scores of shape {tuple(scores.shape)} of a video: it needs one class and one '
                    'score per class; set average_clips of the head, and leave the metric out of '
                    'multi-label tests.'
                )
            label = int(sample['gt_label'])
            if label not in self.mirrors:
                self.results.append(math.nan)
                continue
            mirror = self.mirrors[label]
            if max(label, mirror) >= len(scores):
                raise ValueError(
                    f'OrderPairAccuracy.pairs has classes {label} and {mirror} but there are '
                    f'{len(scores)} scores: give the pairs of the labels that are tested.'
                )
            margin = float(scores[label] - scores[mirror])
            self.results.append(0.5 if margin == 0 else float(margin > 0))

    def compute_metrics(self, results: list[float]) -> dict[str, float]:
        """``{'accuracy': share}``."""
        results = [result for result in results if not math.isnan(result)]
        if not results:
            raise ValueError(
                'No tested sample belongs to a class of OrderPairAccuracy.pairs: give the pairs '
                'of the labels that are tested, or leave the metric out.'
            )
        return dict(accuracy=sum(results) / len(results))


def read_pairs(path: str) -> list[tuple[int, ...]]:
    """Reads two class ids per line.

    Raises:
        FileNotFoundError: No such file.
        ValueError: A line with anything but whole numbers, or a file that is no UTF-8 text.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(
            f"There is no pair file '{path}': set OrderPairAccuracy.pairs to a file or to pairs."
        )
    lines = [line.split() for line in read_text(Path(path)).split('\n') if line.strip()]
    for words in lines:
        if not all(word.isdecimal() for word in words):
            raise ValueError(f"'{' '.join(words)}' in {path} is not two class ids: mend that line.")
    return [tuple(int(word) for word in words) for words in lines]


def _mirrors(pairs: Pairs) -> dict[int, int]:
    """Each class id to the id of its mirror."""
    mirrors: dict[int, int] = {}
    for pair in pairs:
        whole = all(isinstance(label, int) and label >= 0 for label in pair)
        if len(pair) != 2 or not whole or pair[0] == pair[1]:
            raise ValueError(
                f'OrderPairAccuracy.pairs has {tuple(pair)}: give two different class ids each.'
            )
        if pair[0] in mirrors or pair[1] in mirrors:
            raise ValueError(
                f'OrderPairAccuracy.pairs has {tuple(pair)} but one of them is in another pair '
                'already: name each class once.'
            )
        mirrors[pair[0]], mirrors[pair[1]] = pair[1], pair[0]
    if not mirrors:
        raise ValueError('OrderPairAccuracy.pairs is empty: give at least one pair of class ids.')
    return mirrors
