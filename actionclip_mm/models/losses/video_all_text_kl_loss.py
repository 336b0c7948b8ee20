"""The contrastive loss with the texts of all classes, not only of those in the batch.

An option of ours for small batches, which lack negatives, and for videos of several classes.
"""

from mmaction.registry import MODELS
from mmengine.dist import get_rank, get_world_size
from torch import Tensor

from ..gather import gather_rows
from .base_video_text_loss import BaseVideoTextLoss, find_positives
from .video_text_kl_loss import VideoTextKLLoss


@MODELS.register_module()
class VideoAllTextKLLoss(VideoTextKLLoss):
    """Each video against one text of every class, and each class in the batch against its videos.

    With one class per video and ``target='normalized'``, video-to-text is the cross entropy over
    all classes; several classes share the target of a row evenly. Classes without a video in the
    global batch have no text-to-video row, and videos without a label no video-to-text row: they
    are only negatives. The rows of classes are distributed over the processes; texts are not
    exchanged, since every process has all of them.

    It encodes C texts per step and process, which suits label lists of up to some hundred classes.

    Args:
        target: ``'normalized'`` (the paper) or ``'softmax'`` (the released code).
        loss_weight: Factor on the loss. Defaults to 1.
        class_weight: As in :class:`VideoTextKLLoss`. With one class per video, video-to-text is
            torch's weighted cross entropy. Defaults to None.
    """

    needs_labels = False

    def draw_classes(self, video_labels: Tensor, num_classes: int) -> Tensor:
        return BaseVideoTextLoss.draw_classes(self, video_labels, num_classes)

    def weights(
        self, video_labels: Tensor, text_labels: Tensor
    ) -> tuple[Tensor | None, Tensor | None]:
        """Weights of the labelled videos and of the classes of :meth:`row_losses`."""
        if self.class_weight is None:
            return None, None
        (labels,) = gather_rows(video_labels)
        mine = text_labels[get_rank() :: get_world_size()]
        present = find_positives(mine, labels).any(dim=1)
        labelled = find_positives(video_labels, text_labels).any(dim=1)
        return super().weights(video_labels[labelled], mine[present])

    def row_losses(
        self, video: Tensor, text: Tensor, scale: Tensor, video_labels: Tensor, text_labels: Tensor
    ) -> tuple[Tensor, Tensor]:
        """KL of the labelled videos of this rank, and of its share of the classes in the batch."""
        positives = find_positives(video_labels, text_labels)  # [B, C]
        labelled = positives.any(dim=1)
        to_text = self.divergence(scale * video[labelled] @ text.t(), positives[labelled])
        videos, labels = gather_rows(video, video_labels)
        mine = slice(get_rank(), None, get_world_size())
        positives = find_positives(text_labels[mine], labels)  # [C / W, B_global]
        present = positives.any(dim=1)
        logits = scale * text[mine][present] @ videos.t()
        return to_text, self.divergence(logits, positives[present])
