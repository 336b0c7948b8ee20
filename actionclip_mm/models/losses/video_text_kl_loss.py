"""The paper's video-text contrastive loss: KL against a target with several positives (eq. 3-5).

Agrees with the released code for ``target='softmax'`` (its targets are ``softmax(10 * equal)``);
``target='normalized'`` is the paper's ground truth, positives 1 and negatives 0, made to sum to 1.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from mmaction.registry import MODELS
from torch import Tensor, nn

from ..gather import gather_rows, global_mean
from .class_weights import class_weight_vector, row_weights


def normalized_target(positives: Tensor) -> Tensor:
    """Positives share the whole mass of their row: bool [R, S] -> rows that sum to 1."""
    weights = positives.float()
    return weights / weights.sum(dim=1, keepdim=True)


def softmax_target(positives: Tensor) -> Tensor:
    """The released code's softened target ``softmax(10 * equal)``; negatives keep a little mass."""
    return F.softmax(10 * positives.float(), dim=1)


_TARGETS = {'normalized': normalized_target, 'softmax': softmax_target}


@MODELS.register_module()
class VideoTextKLLoss(nn.Module):
    """Symmetric KL divergence between similarity rows and their targets.

    Per row ``KL(q || p)``, ``p`` = softmax over the batch of scale x cosine; summed over columns,
    averaged over the rows of all processes; the mean of video-to-text and text-to-video.

    Every process computes its own rows against all columns. Its value is the loss of the global
    batch, and after the averaging of DDP its gradients are those of the global batch too.

    Args:
        target: ``'normalized'`` (the paper) or ``'softmax'`` (the released code).
        loss_weight: Factor on the loss. Defaults to 1.
        class_weight: Weight of each class [C]. Both directions become weighted means over their
            rows, ``sum(w * row) / sum(w)`` over all processes, as in torch's ``CrossEntropyLoss``:
            a video weighs what its class does (the mean of its classes if there are several), a
            text what the class does that it stands for. Defaults to None: rows count equally.

    Raises:
        ValueError: Unknown ``target``, or class weights that are negative, not finite or all 0.
    """

    needs_labels = True  # of every video, for each brings a text of its own
    class_weight: Tensor | None

    def __init__(
        self,
        target: str = 'normalized',
        loss_weight: float = 1.0,
        class_weight: Sequence[float] | None = None,
    ) -> None:
        super().__init__()
        if target not in _TARGETS:
            raise ValueError(
                f"loss_cls.target='{target}' is unknown: set one of {', '.join(sorted(_TARGETS))}."
            )
        self.make_target = _TARGETS[target]
        self.loss_weight = loss_weight
        weights = class_weight_vector(class_weight)
        self.register_buffer('class_weight', weights, persistent=False)

    def draw_classes(self, video_labels: Tensor, num_classes: int) -> Tensor:
        """Which texts the loss wants: here one of the classes of each video.

        Args:
            video_labels: Class ids [B], or multi-hot label sets [B, C].
            num_classes: C.

        Returns:
            The class that each text stands for, [B].
        """
        if video_labels.dim() == 1:
            return video_labels
        drawn = torch.multinomial(video_labels.float().cpu(), 1)[:, 0]  # [B]
        return drawn.to(video_labels.device)

    def forward(
        self,
        video: Tensor,
        text: Tensor,
        logit_scale: Tensor,
        video_labels: Tensor,
        text_labels: Tensor | None = None,
    ) -> Tensor:
        """The loss of a batch.

        Args:
            video: Video features [B, D].
            text: Features of the texts of :meth:`draw_classes`, [B, D].
            logit_scale: The factor on the cosine, a scalar above 0.
            video_labels: Class ids [B], or multi-hot label sets [B, C].
            text_labels: The same of the texts. Defaults to ``video_labels``.

        Returns:
            Scalar, equal on every process.
        """
        text_labels = video_labels if text_labels is None else text_labels
        # half precision would round cosines times 100 to a few steps
        with torch.autocast(video.device.type, enabled=False):
            to_text, to_video = self.row_losses(
                F.normalize(video.float(), dim=-1),
                F.normalize(text.float(), dim=-1),
                logit_scale.float(),
                video_labels,
                text_labels,
            )
        of_videos, of_texts = self.weights(video_labels, text_labels)
        means = global_mean(to_text, of_videos) + global_mean(to_video, of_texts)
        return self.loss_weight * means / 2

    def weights(
        self, video_labels: Tensor, text_labels: Tensor
    ) -> tuple[Tensor | None, Tensor | None]:
        """Weights of the rows of :meth:`row_losses`, None where they count equally."""
        return (
            row_weights(self.class_weight, video_labels),
            row_weights(self.class_weight, text_labels),
        )

    def row_losses(
        self,
        video: Tensor,
        text: Tensor,
        scale: Tensor,
        video_labels: Tensor,
        text_labels: Tensor,
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


def find_positives(row_labels: Tensor, column_labels: Tensor) -> Tensor:
    """Which pairs belong together: equal ids, or label sets that share a class.

    Args:
        row_labels: Ids [R], or multi-hot [R, C].
        column_labels: Ids [S], or multi-hot [S, C].

    Returns:
        bool [R, S].
    """
    if row_labels.dim() == 1:
        return row_labels[:, None] == column_labels[None, :]
    return row_labels.float() @ column_labels.float().t() > 0
