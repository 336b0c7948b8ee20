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
    seed = int(words[2]) << 32 | int(words[3])
    if torch.cuda.is_initialized() or torch.backends.mps.is_available():
        torch.manual_seed(seed)
    else:  # without 0.4 ms for the stack trace that torch keeps with the seed of an unused GPU
        torch.random.default_generator.manual_seed(seed)
