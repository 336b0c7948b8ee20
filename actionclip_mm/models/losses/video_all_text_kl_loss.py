"""The contrastive loss with the texts of all classes, not only of those in the batch.

An option of ours: small batches lack negatives, and videos of several classes meet all of them.
"""

import torch
from mmaction.registry import MODELS
from mmengine.dist import get_rank, get_world_size
from torch import Tensor

from ..utils.gather import gather_rows
from .video_text_kl_loss import VideoTextKLLoss, find_positives


@MODELS.register_module()
class VideoAllTextKLLoss(VideoTextKLLoss):
    """Each video against one text of every class, and each class in the batch against its videos.

    With one class per video and ``target='normalized'``, video-to-text is the cross entropy over
    all classes. Classes without a video in the global batch have no text-to-video row. Processes
    share the rows of classes among them; texts are never exchanged, as every process has them all.

    It encodes C texts per step and process, which suits label lists of up to some hundred classes.

    Args:
        target: ``'normalized'`` (the paper) or ``'softmax'`` (the released code).
        loss_weight: Factor on the loss. Defaults to 1.
    """

    def draw_classes(self, video_labels: Tensor, num_classes: int) -> Tensor:
        """Every class once, [C]."""
        return torch.arange(num_classes, device=video_labels.device)

    def row_losses(
        self,
        video: Tensor,
        text: Tensor,
        scale: Tensor,
        video_labels: Tensor,
        text_labels: Tensor,
    ) -> tuple[Tensor, Tensor]:
        """KL of this process' videos [B], and of the classes in the batch that fall to it."""
        to_text = self.divergence(
            scale * video @ text.t(),  # [B, C]
            find_positives(video_labels, text_labels),
        )
        videos, labels = gather_rows(video, video_labels)
        mine = slice(get_rank(), None, get_world_size())
        positives = find_positives(text_labels[mine], labels)  # [C / W, B_global]
        present = positives.any(dim=1)
        logits = scale * text[mine][present] @ videos.t()
        return to_text, self.divergence(logits, positives[present])
