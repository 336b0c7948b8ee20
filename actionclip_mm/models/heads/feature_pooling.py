"""One vector per view from whatever a backbone of mmaction2 gives out."""

from collections.abc import Sequence

import torch
from torch import Tensor

Feats = Tensor | Sequence['Feats']


def pool_features(feats: Feats, num_segs: int | None = None, width: int | None = None) -> Tensor:
    """Averages a feature map over all but the batch and the channels.

    Args:
        feats: One of

            - [B, D] (already pooled), [B, T, D] (frames or tokens);
            - [B·T, D, h, w] (2D backbones, with ``num_segs`` = T), [B, D, T, h, w] (3D backbones);
            - [B, M, D, T, J] (M persons of J joints; skeleton backbones, with ``width`` = D);
            - a map [B, D, T, h, w] with its class token [B, D] (MViT), of which the token is
              taken, as mmaction2's ``MViTHead`` does;
            - several of these, which are pooled each and put side by side (the pathways of
              SlowFast, the scales of MViT).
        num_segs: T of a 2D backbone, as mmaction2's ``Recognizer2D`` hands it over.
        width: The D that is expected; None takes any.

    Returns:
        [B, D].

    Raises:
        ValueError: A shape that is none of these, or another width.
    """
    pooled = _pool(feats, num_segs, width)
    if width not in (None, pooled.shape[1]):
        raise ValueError(
            f'The backbone gives features of width {pooled.shape[1]} but cls_head.in_channels='
            f'{width}: set in_channels={pooled.shape[1]}.'
        )
    return pooled


def _pool(feats: Feats, num_segs: int | None, width: int | None) -> Tensor:
    if not isinstance(feats, Tensor):
        if _is_map_with_token(feats):
            return _pool(feats[1], num_segs, width)
        return torch.cat([_pool(feat, num_segs, None) for feat in feats], dim=1)
    if feats.dim() == 5:
        is_skeleton = width not in (None, feats.shape[1]) and feats.shape[2] == width
        return feats.mean(dim=(1, 3, 4) if is_skeleton else (2, 3, 4))  # [B, D]
    if feats.dim() == 4:
        frames = feats.mean(dim=(2, 3))  # [B·T, D]
        return frames.unflatten(0, (-1, num_segs or 1)).mean(dim=1)  # [B, D]
    if feats.dim() == 3:
        return feats.mean(dim=1)  # [B, D]
    if feats.dim() == 2:
        return feats
    raise ValueError(
        f'VideoTextHead got features of shape {tuple(feats.shape)}: it pools [B, D], [B, T, D], '
        '[B·T, D, h, w], [B, D, T, h, w] and [B, M, D, T, J] only.'
    )


def _is_map_with_token(feats: Sequence) -> bool:
    """Whether it is a feature map [B, D, T, h, w] and the class token [B, D] of the same stage."""
    if len(feats) != 2 or not all(isinstance(feat, Tensor) for feat in feats):
        return False
    feature_map, token = feats
    return feature_map.dim() == 5 and token.dim() == 2 and feature_map.shape[1] == token.shape[1]
