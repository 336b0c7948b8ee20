"""Memory for time: activations are computed again in the backward pass instead of being kept.

Both ways here keep results exact: ``torch.utils.checkpoint`` restores the random numbers (dropout)
and the autocast mode of the first pass for the second one.
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from open_clip.hf_model import HFTextEncoder
from open_clip.timm_model import TimmModel
from open_clip.transformer import TextTransformer, VisionTransformer
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.utils.checkpoint import checkpoint


def checkpoint_blocks(tower: nn.Module, key: str) -> None:
    """Makes a tower keep the input of each block only (gradient checkpointing).

    open_clip's own switch skips towers that cannot do it without an error; here they are refused.

    Args:
        tower: Image or text tower of open_clip.
        key: Name of the config key, for messages.

    Raises:
        ValueError: A tower without this ability (CLIP's ResNets), or with BatchNorm that learns.
    """
    if isinstance(tower, (VisionTransformer, TextTransformer)):
        tower.transformer.grad_checkpointing = True
        return
    refuse_batch_norm(tower, key)
    try:
        if isinstance(tower, TimmModel):
            tower.trunk.set_grad_checkpointing(True)
            return
        if isinstance(tower, HFTextEncoder):
            # the other kind needs inputs with gradients, which token ids are not
            tower.transformer.gradient_checkpointing_enable(dict(use_reentrant=False))
            return
        kind = type(tower).__name__
    except (AssertionError, AttributeError, ValueError):
        kind = type(getattr(tower, 'trunk', getattr(tower, 'transformer', tower))).__name__
    raise ValueError(f'The blocks of a {kind} cannot be recomputed: leave {key} out.')


def in_micro_batches(encode: Callable[..., Any], size: int, *batches: Tensor | Sequence) -> Any:
    """Encodes a batch piece by piece, keeping nothing of a piece but its input and its features.

    The features of the whole batch then meet in one loss, whose gradient goes back piece by piece,
    each being encoded again: the cached gradients of Gao et al. (2021, "Scaling Deep Contrastive
    Learning Batch Size under Memory Limited Setup"). It is one backward pass for autograd, so
    gradients are exchanged between processes once, and losses over all processes need nothing else.

    Args:
        encode: Takes a piece of each batch and gives features, a tensor or nested tuples of them,
            with one row (or the same number of rows) for each item of the piece.
        size: Items in a piece.
        batches: What is encoded, of equal lengths: tensors, or lists of anything.

    Returns:
        The features of the whole batch.
    """
    pieces = [
        checkpoint(encode, *[batch[start : start + size] for batch in batches], use_reentrant=False)
        for start in range(0, len(batches[0]), size)
    ]
    return _concatenate(pieces)


def _concatenate(pieces: list) -> Any:
    if isinstance(pieces[0], (tuple, list)):
        return tuple(_concatenate(list(parts)) for parts in zip(*pieces, strict=True))
    return torch.cat(pieces)


def refuse_batch_norm(module: nn.Module, key: str) -> None:
    """Refuses BatchNorm that would see pieces of a batch, or a batch twice.

    Raises:
        ValueError: A BatchNorm that is not frozen.
    """
    module.train()  # frozen parts put themselves into eval mode here
    if any(isinstance(part, _BatchNorm) and part.training for part in module.modules()):
        raise ValueError(
            f'{key} would change what BatchNorm learns from a batch: leave it out, or freeze the '
            "tower (backbone.frozen_stages='all')."
        )
