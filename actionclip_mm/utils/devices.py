"""The device that is used where none is named."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


def best_device() -> 'torch.device':
    """The first GPU, or the CPU."""
    import torch

    return torch.device('cuda' if torch.cuda.is_available() else 'cpu')
