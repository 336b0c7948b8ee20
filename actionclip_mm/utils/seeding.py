"""All random generators of a process from a few whole numbers."""

import random

import numpy as np
import torch


def seed_all(*numbers: int) -> None:
    """Seeds Python, numpy and torch.

    Args:
        numbers: Not negative. Whatever differs in one of them has nothing in common.
    """
    words = np.random.SeedSequence(numbers).generate_state(4)
    random.seed(int(words[0]))
    np.random.seed(words[1:2])
    torch.manual_seed(int(words[2]) << 32 | int(words[3]))
