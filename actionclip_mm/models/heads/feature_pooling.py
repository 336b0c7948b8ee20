"""Pool the features of any backbone of mmaction2 to one vector per view."""

from collections.abc import Sequence

import torch
from torch import Tensor

Feats = Tensor | Sequence['Feats']


def pool_features(feats: Feats, num_segs: int | None = None, width: int | None = None) -> Tensor:
    """Average a feature map over all axes but batch and channels.

    Args:
        feats: One of

            - [B, D] (already pooled), [B, T, D] (frames or tokens);
            - [B·T, D, h, w] (2D backbones, with ``num_segs`` = T), [B, D, T, h, w] (3D backbones);
            - [B, M, D, T, J] (M persons of J joints; skeleton backbones, with ``width`` = D);
            - a map [B, D, T, h, w] with its class token [B, D] (MViT), of which the token is
              used, as in mmaction2's ``MViTHead``;
            - several of these, pooled and concatenated (the pathways of SlowFast, the scales of
              MViT).
        num_segs: T of a 2D backbone, passed by mmaction2's ``Recognizer2D``.
        width: Expected D; None for any.

    Returns:
        [B, D].

    Raises:
        ValueError: Another shape or width.
    """
    pooled = _pool(feats, num_segs, width)
    if width not in (None, pooled.shape[1]):
        raise ValueError(
            f'cls_head.in_channels must be {pooled.shape[1]}, as in the backbone, got {width}.'
        )
    return pooled


def frames_of(feats: Feats, num_segs: int | None = None, width: int | None = None) -> Tensor:
    """Frame features of a backbone, for matchers of frames.

    Args:
        feats: [B, T, D] (``CLIPImageEncoder`` without a neck), [B·T, D, h, w] (2D backbones, with
            ``num_segs`` = T) or [B, D, T, h, w] (3D backbones).
        num_segs: T of a 2D backbone.
        width: Expected D; None for any.

    Returns:
        [B, T, D].

    Raises:
        ValueError: Features without frames, or of another width.
    """
    frames = feats if isinstance(feats, Tensor) else None
    if frames is not None and frames.dim() == 4:
        frames = frames.mean(dim=(2, 3)).unflatten(0, (-1, num_segs or 1))  # [B, T, D]
    elif frames is not None and frames.dim() == 5:
        frames = frames.mean(dim=(3, 4)).transpose(1, 2)  # [B, T, D]
    if frames is None or frames.dim() != 3 or width not in (None, frames.shape[2]):
        shown = tuple(frames.shape) if frames is not None else type(feats).__name__
        raise ValueError(
            f'cls_head.matcher compares frames, so it takes [B, T, {width or "D"}], got {shown}: '
            'remove the neck, or use CosineMatcher.'
        )
    return frames


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
        'VideoTextHead takes [B, D], [B, T, D], [B·T, D, h, w], [B, D, T, h, w] or '
        f'[B, M, D, T, J], got {tuple(feats.shape)}.'
    )


def _is_map_with_token(feats: Sequence) -> bool:
    """Whether features are a map [B, D, T, h, w] and the class token [B, D] of the same stage."""
    if len(feats) != 2 or not all(isinstance(feat, Tensor) for feat in feats):
        return False
    feature_map, token = feats
    return feature_map.dim() == 5 and token.dim() == 2 and feature_map.shape[1] == token.shape[1]
