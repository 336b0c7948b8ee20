"""The paper's video-text contrastive loss: KL against a target with several positives (eq. 3-5).

Agrees with the released code for ``target='softmax'`` (its targets are ``softmax(10 * equal)``);
``target='normalized'`` is the paper's ground truth: positives 1, negatives 0, rows normalised.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from mmaction.registry import MODELS
from torch import Tensor

from ...utils import check_choice
from ..gather import gather_rows, global_mean
from .base_video_text_loss import BaseVideoTextLoss, find_positives


def normalized_target(positives: Tensor) -> Tensor:
    """Positives share the mass of their row: bool [R, S] -> rows that sum to 1."""
    weights = positives.float()
    return weights / weights.sum(dim=1, keepdim=True)


def softmax_target(positives: Tensor) -> Tensor:
    """The released code's softened target ``softmax(10 * equal)``; negatives keep a little mass."""
    return F.softmax(10 * positives.float(), dim=1)


_TARGETS = {'normalized': normalized_target, 'softmax': softmax_target}


@MODELS.register_module()
class VideoTextKLLoss(BaseVideoTextLoss):
    """Symmetric KL divergence between similarity rows and their targets.

    Per row ``KL(q || p)``, ``p`` = softmax over the batch of scale x cosine; summed over columns,
    averaged over the rows of all processes; the mean of video-to-text and text-to-video.

    Every process computes its rows against all columns. Value and, averaged by DDP, gradients are
    those of the global batch.

    Args:
        target: ``'normalized'`` (the paper) or ``'softmax'`` (the released code).
        loss_weight: Factor on the loss. Defaults to 1.
        class_weight: Weight of each class [C]. Both directions become weighted means over their
            rows, ``sum(w * row) / sum(w)`` over all processes, as in torch's ``CrossEntropyLoss``.
            A video has the weight of its class (the mean of several), a text that of its class.
            Defaults to None: rows count equally.

    Raises:
        ValueError: Unknown ``target``, or class weights that are negative, not finite or all 0.
    """

    needs_labels = True

    def __init__(
        self,
        target: str = 'normalized',
        loss_weight: float = 1.0,
        class_weight: Sequence[float] | None = None,
    ) -> None:
        super().__init__(loss_weight, class_weight)
        check_choice(target, _TARGETS, 'loss_cls.target')
        self.make_target = _TARGETS[target]

    def draw_classes(self, video_labels: Tensor, num_classes: int) -> Tensor:
        """A class of each video, [B], drawn at random from its label set."""
        if video_labels.dim() == 1:
            return video_labels
        drawn = torch.multinomial(video_labels.float().cpu(), 1)[:, 0]  # [B]
        return drawn.to(video_labels.device)

    def mean_loss(
        self, video: Tensor, text: Tensor, scale: Tensor, video_labels: Tensor, text_labels: Tensor
    ) -> Tensor:
        to_text, to_video = self.row_losses(video, text, scale, video_labels, text_labels)
        of_videos, of_texts = self.weights(video_labels, text_labels)
        return (global_mean(to_text, of_videos) + global_mean(to_video, of_texts)) / 2

    def weights(
        self, video_labels: Tensor, text_labels: Tensor
    ) -> tuple[Tensor | None, Tensor | None]:
        """Weights of the rows of :meth:`row_losses`, None if they count equally."""
        return self.row_weights(video_labels), self.row_weights(text_labels)

    def row_losses(
        self, video: Tensor, text: Tensor, scale: Tensor, video_labels: Tensor, text_labels: Tensor
    ) -> tuple[Tensor, Tensor]:
        """KL of this process' rows in both directions, [B] each; features have length 1."""
        videos, texts, labels_of_videos, labels_of_texts = gather_rows(
            video, text, video_labels, text_labels
        )
        to_text = self.divergence(
            scale * video @ texts.t(), find_positives(video_labels, labels_of_texts)
        )
        to_video = self.divergence(
            scale * text @ videos.t(), find_positives(text_labels, labels_of_videos)
        )
        return to_text, to_video

    def divergence(self, logits: Tensor, positives: Tensor) -> Tensor:
        """KL of each row of [R, S] logits against the target of its positives: [R]."""
        target = self.make_target(positives)  # [R, S]
        return F.kl_div(F.log_softmax(logits, dim=1), target, reduction='none').sum(dim=1)  # [R]
