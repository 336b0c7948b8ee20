"""The paper's video-text contrastive loss: KL against a target with several positives (eq. 3-5).

Agrees with the released code for ``target='softmax'`` (its targets are ``softmax(10 * equal)``);
``target='normalized'`` is the paper's ground truth, positives 1 and negatives 0, made to sum to 1.
"""

import torch
import torch.distributed as dist
import torch.nn.functional as F
from mmaction.registry import MODELS
from torch import Tensor, nn

from ..utils.gather import gather_with_grad


def normalized_target(positives: Tensor) -> Tensor:
    """Positives share the whole mass of their row: [B, B_global] bool -> rows that sum to 1."""
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

    Raises:
        ValueError: Unknown ``target``.
    """

    def __init__(self, target: str = 'normalized', loss_weight: float = 1.0) -> None:
        super().__init__()
        if target not in _TARGETS:
            raise ValueError(
                f"loss_cls.target='{target}' is unknown: set one of {', '.join(sorted(_TARGETS))}."
            )
        self.make_target = _TARGETS[target]
        self.loss_weight = loss_weight

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
            text: Text features [B, D]; row i is the sentence drawn for video i.
            logit_scale: The factor on the cosine, a scalar above 0.
            video_labels: Class ids [B], or multi-hot label sets [B, C].
            text_labels: The same of the texts. Defaults to ``video_labels``.

        Returns:
            Scalar, equal on every process.
        """
        text_labels = video_labels if text_labels is None else text_labels
        video_to_text, text_to_video = self.row_losses(
            video, text, logit_scale, video_labels, text_labels
        )
        return self.loss_weight * _global_mean((video_to_text + text_to_video) / 2)

    def row_losses(
        self,
        video: Tensor,
        text: Tensor,
        logit_scale: Tensor,
        video_labels: Tensor,
        text_labels: Tensor,
    ) -> tuple[Tensor, Tensor]:
        """Both directions' KL of this process' rows, [B] each, in fp32."""
        video, text = F.normalize(video.float(), dim=-1), F.normalize(text.float(), dim=-1)
        to_text = self._rows(video, text, logit_scale, video_labels, text_labels)
        to_video = self._rows(text, video, logit_scale, text_labels, video_labels)
        return to_text, to_video

    def _rows(
        self, rows: Tensor, columns: Tensor, scale: Tensor, row_labels: Tensor, labels: Tensor
    ) -> Tensor:
        columns, labels = gather_with_grad(columns), gather_with_grad(labels)
        logits = scale.float() * rows @ columns.t()  # [B, B_global]
        target = self.make_target(find_positives(row_labels, labels))  # [B, B_global]
        return F.kl_div(F.log_softmax(logits, dim=1), target, reduction='none').sum(dim=1)  # [B]


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


def _global_mean(rows: Tensor) -> Tensor:
    """Mean over the rows of all processes; its gradient is right once DDP has averaged.

    DDP divides the sum of gradients by the number of processes W, so each process must bring
    W / B_global times the sum of its rows. The value is replaced by the global mean, so that what
    is logged does not depend on the rank.
    """
    if not (dist.is_available() and dist.is_initialized()) or dist.get_world_size() == 1:
        return rows.mean()
    total = torch.stack([rows.detach().sum(), rows.new_tensor(float(len(rows)))])
    dist.all_reduce(total)
    local = rows.sum() * dist.get_world_size() / total[1]
    return local + (total[0] / total[1] - local.detach())
