"""mmaction2's TorchVisionWrapper with faster ColorJitter, RandAugment and RandomGrayscale."""

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from mmaction.datasets.transforms import TorchVisionWrapper
from mmaction.registry import TRANSFORMS
from torchvision.transforms import InterpolationMode
from torchvision.transforms import functional as F

from . import frame_operations as operations
from .frame_operations import Frames

HUE_METHODS = ('opencv', 'exact')
OPS = ('ColorJitter', 'RandAugment', 'RandomGrayscale')


@TRANSFORMS.register_module()
class FastTorchVisionWrapper(TorchVisionWrapper):
    """Change all frames of a clip alike, as torchvision does, in a fraction of its time.

    A replacement of mmaction2's ``TorchVisionWrapper`` for three of torchvision's transforms. The
    same random numbers are drawn, and pixels are equal but for a changed hue. Frames that are not
    uint8 [H, W, 3], and a ``RandAugment`` with ``interpolation`` or ``fill``, take torchvision's
    way; ``type='TorchVisionWrapper'`` always does.

    Args:
        op: ``'ColorJitter'``, ``'RandAugment'`` or ``'RandomGrayscale'``.
        hue_method: ``'opencv'``: the hue of ``ColorJitter`` is changed in OpenCV's float HSV, at
            most one grey level from torchvision. ``'exact'``: torchvision's hue. Defaults to
            ``'opencv'``.
        kwargs: Arguments of torchvision's transform.

    Raises:
        ValueError: Another ``op`` or ``hue_method``.
    """

    def __init__(self, op: str, hue_method: str = 'opencv', **kwargs: Any) -> None:
        if op not in OPS:
            raise ValueError(
                f'FastTorchVisionWrapper: op must be one of {", ".join(OPS)}, got {op!r}: use '
                "type='TorchVisionWrapper' for others of torchvision."
            )
        if hue_method not in HUE_METHODS:
            raise ValueError(
                f'FastTorchVisionWrapper: hue_method must be one of {", ".join(HUE_METHODS)}, got '
                f'{hue_method!r}.'
            )
        super().__init__(op, **kwargs)
        self.op = op
        self.hue_method = hue_method

    def transform(self, results: dict) -> dict:
        """Replace ``imgs``."""
        imgs = results['imgs']
        one_size = len({img.shape for img in imgs}) == 1
        if not one_size or any(img.dtype != np.uint8 for img in imgs) or imgs[0].shape[2:] != (3,):
            return super().transform(results)
        if self.op == 'RandAugment':
            nearest = self.trans.interpolation == InterpolationMode.NEAREST
            if not nearest or self.trans.fill is not None:
                return super().transform(results)
        frames = [np.ascontiguousarray(img) for img in imgs]
        if self.op == 'ColorJitter':
            hue = operations.adjust_hue if self.hue_method == 'opencv' else _exact_hue
            results['imgs'] = _jitter(self.trans, frames, hue)
        elif self.op == 'RandAugment':
            results['imgs'] = _rand_augment(self.trans, frames)
        elif torch.rand(1) < self.trans.p:  # RandomGrayscale
            results['imgs'] = operations.to_grey(frames)
        return results

    def __repr__(self) -> str:
        return f'{type(self).__name__}({self.trans!r}, hue_method={self.hue_method!r})'


def _jitter(jitter: Any, frames: Frames, adjust_hue: Callable) -> Frames:
    order, *factors = jitter.get_params(
        jitter.brightness, jitter.contrast, jitter.saturation, jitter.hue
    )
    steps = (
        _adjust_brightness, operations.adjust_contrast, operations.adjust_saturation, adjust_hue,
    )  # fmt: skip
    for number in order.tolist():
        if factors[number] is not None:
            frames = steps[number](frames, factors[number])
    return frames


def _rand_augment(policy: Any, frames: Frames) -> Frames:
    """Draw and apply operations; the draws and their order are torchvision's."""
    size = frames[0].shape[:2]
    space = policy._augmentation_space(policy.num_magnitude_bins, size)  # noqa: SLF001
    for _ in range(policy.num_ops):
        name = list(space)[int(torch.randint(len(space), (1,)))]
        magnitudes, signed = space[name]
        magnitude = float(magnitudes[policy.magnitude]) if magnitudes.ndim > 0 else 0.0
        if signed and torch.randint(2, (1,)):
            magnitude = -magnitude
        frames = _augment(frames, name, magnitude)
    return frames


def _adjust_brightness(frames: Frames, factor: float) -> Frames:
    return operations.apply_pointwise(
        frames, functools.partial(F.adjust_brightness, brightness_factor=factor)
    )


def _exact_hue(frames: Frames, offset: float) -> Frames:
    changed = []
    for frame in frames:
        planes = torch.from_numpy(frame).movedim(-1, 0).contiguous()  # [3, H, W]
        changed.append(F.adjust_hue(planes, offset).movedim(0, -1).contiguous().numpy())
    return changed


def _augment(frames: Frames, name: str, magnitude: float) -> Frames:
    """Apply an operation of RandAugment, as torchvision's ``_apply_op`` does."""
    degrees = math.degrees(math.atan(magnitude))
    affine = functools.partial(F.affine, angle=0.0, scale=1.0)
    still = functools.partial(affine, translate=[0, 0], center=[0, 0])
    warps = dict(
        ShearX=functools.partial(still, shear=[degrees, 0.0]),
        ShearY=functools.partial(still, shear=[0.0, degrees]),
        TranslateX=functools.partial(affine, translate=[int(magnitude), 0], shear=[0.0, 0.0]),
        TranslateY=functools.partial(affine, translate=[0, int(magnitude)], shear=[0.0, 0.0]),
        Rotate=functools.partial(F.rotate, angle=magnitude),
    )
    pointwise = dict(
        Brightness=functools.partial(F.adjust_brightness, brightness_factor=1.0 + magnitude),
        Posterize=functools.partial(F.posterize, bits=int(magnitude)),
        Solarize=functools.partial(F.solarize, threshold=magnitude),
    )
    blends = dict(
        Color=operations.adjust_saturation,
        Contrast=operations.adjust_contrast,
        Sharpness=operations.adjust_sharpness,
    )
    per_frame = dict(AutoContrast=operations.autocontrast, Equalize=operations.equalize)
    if name in warps:
        return operations.warp(frames, warps[name])
    if name in pointwise:
        return operations.apply_pointwise(frames, pointwise[name])
    if name in blends:
        return blends[name](frames, 1.0 + magnitude)
    return per_frame[name](frames) if name in per_frame else frames
