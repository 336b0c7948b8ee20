"""One vector per view from whatever a backbone of mmaction2 gives out."""

from collections.abc import Sequence

import torch
from torch import Tensor


def pool_features(feats: Tensor | Sequence[Tensor], num_segs: int | None = None) -> Tensor:
    """Averages a feature map over space and time.

    Args:
        feats: [B, D] (already pooled), [B, T, D] (frames or tokens), [B·T, D, h, w] (2D backbones,
            with ``num_segs`` = T), [B, D, T, h, w] (3D backbones), or a tuple of these, which are
            pooled each and put side by side (SlowFast).
        num_segs: T of a 2D backbone, as mmaction2's ``Recognizer2D`` hands it over.

    Returns:
        [B, D].

    Raises:
        ValueError: A shape that is none of these.
    """
    if not isinstance(feats, Tensor):
        return torch.cat([pool_features(feat, num_segs) for feat in feats], dim=1)
    if feats.dim() == 5:
        return feats.mean(dim=(2, 3, 4))  # [B, D]
    if feats.dim() == 4:
        frames = feats.mean(dim=(2, 3))  # [B·T, D]
        return frames.unflatten(0, (-1, num_segs or 1)).mean(dim=1)  # [B, D]
    if feats.dim() == 3:
        return feats.mean(dim=1)  # [B, D]
    if feats.dim() == 2:
        return feats
    raise ValueError(
        f'VideoTextHead got features of shape {tuple(feats.shape)}: it pools [B, D], [B, T, D], '
        '[B·T, D, h, w] and [B, D, T, h, w] only.'
    )
