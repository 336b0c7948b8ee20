"""Base class of losses between videos and texts: drawn texts, class weights, precision."""

import math
from abc import abstractmethod
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class BaseVideoTextLoss(nn.Module):
    """A loss between the videos of a batch and the texts of classes.

    Args:
        loss_weight: Factor on the loss. Defaults to 1.
        class_weight: Weight of each class [C], or None: classes count equally.

    Attributes:
        needs_labels (bool): Whether every video needs a label, of which a text is drawn.
            Otherwise the loss takes one text of every class.
        has_margin (bool): Whether :meth:`logits` are those of a probability per class.

    Raises:
        TypeError: ``class_weight`` is not a list of numbers.
        ValueError: Class weights that are negative, not finite or all 0.
    """

    needs_labels = False
    has_margin = False
    class_weight: Tensor | None

    def __init__(
        self, loss_weight: float = 1.0, class_weight: Sequence[float] | None = None
    ) -> None:
        super().__init__()
        self.loss_weight = loss_weight
        weights = _class_weight_vector(class_weight)
        self.register_buffer('class_weight', weights, persistent=False)

    def draw_classes(self, video_labels: Tensor, num_classes: int) -> Tensor:
        """The class that each text of a batch stands for: here every class once, [C].

        Args:
            video_labels: Class ids [B], or multi-hot label sets [B, C].
            num_classes: C.
        """
        return torch.arange(num_classes, device=video_labels.device)

    def logits(self, similarities: Tensor, scale: Tensor) -> Tensor:
        """Logits of similarities scale x cosine of any shape."""
        return similarities

    def check_classes(self, num_classes: int) -> None:
        """Refuse class weights of another number of classes.

        Raises:
            ValueError: ``class_weight`` has another length.
        """
        if self.class_weight is not None and len(self.class_weight) != num_classes:
            raise ValueError(
                'cls_head.loss_cls.class_weight must have one weight for each of the '
                f'{num_classes} labels, got {len(self.class_weight)}.'
            )

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
            text: Features of the texts of :meth:`draw_classes`, [B, D] or [C, D].
            logit_scale: The factor on the cosine, a scalar above 0.
            video_labels: Class ids [B], or multi-hot label sets [B, C].
            text_labels: The same of the texts. Defaults to ``video_labels``.

        Returns:
            Scalar, equal on every process.
        """
        # half precision would round cosines times 100 to a few steps
        with torch.autocast(video.device.type, enabled=False):
            loss = self.mean_loss(
                F.normalize(video.float(), dim=-1),
                F.normalize(text.float(), dim=-1),
                logit_scale.float(),
                video_labels,
                video_labels if text_labels is None else text_labels,
            )
        return self.loss_weight * loss

    @abstractmethod
    def mean_loss(
        self, video: Tensor, text: Tensor, scale: Tensor, video_labels: Tensor, text_labels: Tensor
    ) -> Tensor:
        """The loss of the batches of all processes, of features of length 1 in fp32."""

    def row_weights(self, labels: Tensor) -> Tensor | None:
        """Weight of each row: that of its class, or the mean over the classes of its label set.

        Args:
            labels: Class ids [R], or multi-hot label sets [R, C].

        Returns:
            [R], or None without ``class_weight``. A row without a class weighs nothing.
        """
        if self.class_weight is None:
            return None
        if labels.dim() == 1:
            return self.class_weight[labels]  # [R]
        sets = labels.float()  # [R, C]
        return sets @ self.class_weight / sets.sum(dim=1).clamp(min=1)  # [R]


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


def _class_weight_vector(class_weight: Sequence[float] | None) -> Tensor | None:
    if class_weight is None:
        return None
    is_list = isinstance(class_weight, (Sequence, Tensor)) and not isinstance(class_weight, str)
    if not is_list or not all(isinstance(w, (int, float)) for w in list(class_weight)):
        raise TypeError(
            f'loss_cls.class_weight must be a list with one number per class, got {class_weight!r}.'
        )
    wrong = [f'{w} for class {i}' for i, w in enumerate(class_weight) if not 0 <= w < math.inf]
    if wrong or not any(class_weight):
        raise ValueError(
            'loss_cls.class_weight must hold finite numbers of 0 or more, one of them above 0, got '
            f'{wrong[0] if wrong else list(class_weight)}.'
        )
    return torch.tensor(class_weight, dtype=torch.float32)
