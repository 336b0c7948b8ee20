"""Match the frames of a video with the ordered steps of a class (ActAlign, 2025).

Dynamic time warping between frame features and sentences; needs no training.
"""

import torch
from mmaction.registry import MODELS
from torch import Tensor

from ...utils import check_positive
from .alignment import align
from .base_matcher import BaseMatcher

CLASSES_AT_ONCE = 512  # bounds the memory of long label lists


@MODELS.register_module()
class SequenceMatcher(BaseMatcher):
    """Mean similarity along the best monotone alignment of frames and sentences, see :func:`align`.

    Give each class its steps in order, as ``templates`` of the label encoder:
    ``{"red circle moving left": ["red circle on the right", …]}``. A class of a single sentence is
    compared by its mean over frames.

    Args:
        smoothing: Frames of a moving average over similarities, odd; 1 for none (default). The
            original takes about 30 at the full frame rate.
        gamma: Temperature of a differentiable alignment instead of the best path. Defaults to None.

    Raises:
        ValueError: ``smoothing`` that is not an odd positive integer, ``gamma`` that is not
            positive.
    """

    order_aware = True

    def __init__(self, smoothing: int = 1, gamma: float | None = None) -> None:
        super().__init__()
        check_positive(smoothing, 'cls_head.matcher.smoothing')
        if smoothing % 2 == 0:
            raise ValueError(f'cls_head.matcher.smoothing must be odd, got {smoothing}.')
        if gamma is not None and not gamma > 0:
            raise ValueError(f'cls_head.matcher.gamma must be positive, got {gamma}.')
        self.smoothing, self.gamma = smoothing, gamma

    def pairs(self, video: Tensor, text: Tensor, num_sentences: Tensor) -> Tensor:
        pieces = zip(text.split(CLASSES_AT_ONCE), num_sentences.split(CLASSES_AT_ONCE), strict=True)
        return torch.cat(
            [
                align(self.similarities(video, steps), counts, self.gamma)
                for steps, counts in pieces
            ],
            dim=1,
        )  # [B, S]

    def similarities(self, video: Tensor, text: Tensor) -> Tensor:
        """Cosines [B, S, M, T] of frames [B, T, D] and sentences [S, M, D], smoothed over time."""
        cosines = torch.einsum('btd,smd->bsmt', video, text)
        if self.smoothing == 1:
            return cosines
        flat = cosines.flatten(0, 2).unsqueeze(1)  # [B·S·M, 1, T]
        smooth = torch.nn.functional.avg_pool1d(
            flat, self.smoothing, 1, self.smoothing // 2, count_include_pad=False
        )
        return smooth.squeeze(1).unflatten(0, cosines.shape[:3])  # [B, S, M, T]
