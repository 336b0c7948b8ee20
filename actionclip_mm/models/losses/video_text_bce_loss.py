"""Every class a question of its own: binary cross entropy of videos with the texts of all classes.

An option of ours for videos of several classes; the loss of SlowFast on Charades and, but for the
form of its bias, SigLIP's.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from mmaction.registry import MODELS
from torch import Tensor, nn

from ..gather import global_mean
from .class_weights import class_weight_vector, row_weights
from .video_text_kl_loss import find_positives


@MODELS.register_module()
class VideoTextBCELoss(nn.Module):
    """Is this text true of this video? ``p = sigmoid(scale x (cosine - margin))``.

    The mean over classes and over the videos of all processes. A video without a label is a
    negative for every text. The margin is the cosine at which a text is as likely true as not;
    written as a bias it is ``-scale x margin`` (SigLIP's -10 at scale 10 is a margin of 1). It is
    learned in units of the cosine because a bias of tens could not be reached with the learning
    rates of pre-trained weights.

    It encodes C texts per step and process, which suits label lists of up to some hundred classes.

    Args:
        margin: Where the margin starts. CLIP's cosines of texts that fit lie around 0.3, of others
            around 0.2. Defaults to 0.3.
        learnable_margin: Whether it is learned. Defaults to True.
        loss_weight: Factor on the loss. Defaults to 1.
        class_weight: Weight of each class' question [C]: the mean over classes becomes
            ``sum(w * entry) / sum(w)``. Defaults to None: classes count equally.

    Raises:
        ValueError: A margin that no cosine can have, or class weights that are negative, not
            finite or all 0.
    """

    needs_labels = False
    class_weight: Tensor | None

    def __init__(
        self,
        margin: float = 0.3,
        learnable_margin: bool = True,
        loss_weight: float = 1.0,
        class_weight: Sequence[float] | None = None,
    ) -> None:
        super().__init__()
        if not -1 <= margin <= 1:
            raise ValueError(
                f'loss_cls.margin={margin} is no cosine: set a number between -1 and 1.'
            )
        self.margin = nn.Parameter(torch.tensor(float(margin)), requires_grad=learnable_margin)
        self.loss_weight = loss_weight
        weights = class_weight_vector(class_weight)
        self.register_buffer('class_weight', weights, persistent=False)

    def draw_classes(self, video_labels: Tensor, num_classes: int) -> Tensor:
        """Every class once, [C]."""
        return torch.arange(num_classes, device=video_labels.device)

    def forward(
        self,
        video: Tensor,
        text: Tensor,
        logit_scale: Tensor,
        video_labels: Tensor,
        text_labels: Tensor,
    ) -> Tensor:
        """The loss of a batch.

        Args:
            video: Video features [B, D].
            text: Features of a text of each class, [C, D].
            logit_scale: The factor on the cosine, a scalar above 0.
            video_labels: Class ids [B], or multi-hot label sets [B, C].
            text_labels: The same of the texts.

        Returns:
            Scalar, equal on every process.
        """
        # half precision would round cosines times 100 to a few steps
        with torch.autocast(video.device.type, enabled=False):
            video = F.normalize(video.float(), dim=-1)  # [B, D]
            text = F.normalize(text.float(), dim=-1)  # [C, D]
            logits = logit_scale.float() * (video @ text.t() - self.margin)  # [B, C]
            target = find_positives(video_labels, text_labels).float()  # [B, C]
            rows = F.binary_cross_entropy_with_logits(logits, target, reduction='none')
        weights = row_weights(self.class_weight, text_labels)  # [C]
        means = rows.mean(dim=1) if weights is None else rows @ weights / weights.sum()  # [B]
        return self.loss_weight * global_mean(means)
