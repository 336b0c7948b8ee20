"""Binary cross entropy of videos with the texts of all classes.

An option of ours for videos of several classes: the loss of SlowFast on Charades and, with another
form of the bias, of SigLIP.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from mmaction.registry import MODELS
from torch import Tensor, nn

from ..gather import global_mean
from .base_video_text_loss import BaseVideoTextLoss, find_positives


@MODELS.register_module()
class VideoTextBCELoss(BaseVideoTextLoss):
    """A binary decision per class, ``p = sigmoid(scale x (cosine - margin))``.

    The mean over classes and over the videos of all processes. A video without a label is a
    negative for every text. The margin is the cosine of probability 0.5; as a bias it is ``-scale x
    margin`` (SigLIP's -10 at scale 10 is a margin of 1). It is learned in units of the cosine
    because a bias of tens is out of reach at the learning rates of pre-trained weights.

    It encodes C texts per step and process, which suits label lists of up to some hundred classes.

    Args:
        margin: Initial margin. CLIP's cosines are around 0.3 for matching texts and around 0.2 for
            others. Defaults to 0.3.
        learnable_margin: Whether it is learned. Defaults to True.
        loss_weight: Factor on the loss. Defaults to 1.
        class_weight: Weight of each class [C]: the mean over classes becomes
            ``sum(w * entry) / sum(w)``. Defaults to None: classes count equally.

    Raises:
        ValueError: A margin outside [-1, 1], or class weights that are negative, not
            finite or all 0.
    """

    has_margin = True

    def __init__(
        self,
        margin: float = 0.3,
        learnable_margin: bool = True,
        loss_weight: float = 1.0,
        class_weight: Sequence[float] | None = None,
    ) -> None:
        super().__init__(loss_weight, class_weight)
        if not -1 <= margin <= 1:
            raise ValueError(f'loss_cls.margin must be in [-1, 1], got {margin}.')
        self.margin = nn.Parameter(torch.tensor(float(margin)), requires_grad=learnable_margin)

    def logits(self, similarities: Tensor, scale: Tensor) -> Tensor:
        return similarities - scale * self.margin

    def mean_loss(
        self, video: Tensor, text: Tensor, scale: Tensor, video_labels: Tensor, text_labels: Tensor
    ) -> Tensor:
        logits = self.logits(scale * video @ text.t(), scale)  # [B, C]
        target = find_positives(video_labels, text_labels).float()  # [B, C]
        rows = F.binary_cross_entropy_with_logits(logits, target, reduction='none')
        weights = self.row_weights(text_labels)  # [C]
        means = rows.mean(dim=1) if weights is None else rows @ weights / weights.sum()  # [B]
        return global_mean(means)
