"""The device that is used where none is named."""

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


def best_device() -> 'torch.device':
    """The first GPU, or the CPU."""
    import torch

    return torch.device('cuda' if torch.cuda.is_available() else 'cpu')


def device_of_rank() -> 'torch.device':
    """The GPU of this process' rank on its machine, or the CPU."""
    import torch

    if not torch.cuda.is_available():
        return torch.device('cpu')
    rank = int(os.environ.get('LOCAL_RANK', 0))
    return torch.device('cuda', rank % torch.cuda.device_count())
