"""Weights of classes in the losses between videos and texts, as in torch's ``CrossEntropyLoss``."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor


def class_weight_vector(class_weight: Sequence[float] | None) -> Tensor | None:
    """The option ``class_weight`` of a loss as a vector [C]; None stays None.

    Raises:
        TypeError: Not a list of numbers.
        ValueError: A negative or non-finite weight, or nothing but zeros.
    """
    if class_weight is None:
        return None
    is_list = isinstance(class_weight, (Sequence, Tensor)) and not isinstance(class_weight, str)
    if not is_list or not all(isinstance(w, (int, float)) for w in list(class_weight)):
        raise TypeError(
            f'loss_cls.class_weight must be a list with one number per class, got {class_weight!r}.'
        )
    for index, weight in enumerate(class_weight):
        if not math.isfinite(weight) or weight < 0:
            raise ValueError(
                f'loss_cls.class_weight must hold finite numbers of 0 or more, got {weight} for '
                f'class {index}.'
            )
    if not any(class_weight):
        raise ValueError('loss_cls.class_weight must have a weight above 0, got none.')
    return torch.tensor(class_weight, dtype=torch.float32)


def row_weights(class_weight: Tensor | None, labels: Tensor) -> Tensor | None:
    """Weight of each row: that of its class, or the mean over the classes of its label set.

    Args:
        class_weight: Weights [C], or None.
        labels: Class ids [R], or multi-hot label sets [R, C].

    Returns:
        [R], or None without ``class_weight``. A row without a class weighs nothing.
    """
    if class_weight is None:
        return None
    if labels.dim() == 1:
        return class_weight[labels]  # [R]
    sets = labels.float()  # [R, C]
    return sets @ class_weight / sets.sum(dim=1).clamp(min=1)  # [R]
