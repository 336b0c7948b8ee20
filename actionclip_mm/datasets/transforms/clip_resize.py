"""Resizing and centre cropping of CLIP's own preprocessing and of the released test code.

Both use torchvision on Pillow images: the short side to S with antialiased bicubic interpolation,
then a centre crop. mmaction2's ``Resize`` is OpenCV's and has no antialias, so large frames reach
the tower with other pixels (docs/differences.md has the figures). Quirks that are kept: the long
side is cut to whole pixels, not rounded, and a crop offset of a half goes to the even pixel.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from mmaction.datasets.transforms import CenterCrop, Resize
from mmaction.registry import TRANSFORMS
from torchvision.transforms import InterpolationMode
from torchvision.transforms.v2 import functional as F

INTERPOLATIONS = ('bicubic', 'bilinear')
RESIZE_MODES = ('shortest', 'squash')


@TRANSFORMS.register_module()
class CLIPResize(Resize):
    """Resize frames with antialias, as Pillow does.

    Frames come from torchvision's antialiased uint8 kernel, which is faster than Pillow and differs
    from it by less than 0.01 grey levels in the mean (at most 2 in a pixel). Frames that already
    have the size are not touched. Keys are those of mmaction2's ``Resize``; keypoints and boxes are
    scaled along.

    Args:
        scale: As in mmaction2: ``(-1, S)`` for a short side of S pixels, ``(w, h)``, or a factor.
        keep_ratio: As in mmaction2: False makes ``(w, h)`` the exact size. Defaults to True.
        interpolation: ``'bicubic'`` or ``'bilinear'``. Defaults to ``'bicubic'``.

    Raises:
        ValueError: Another interpolation, or ``lazy=True``: mmaction2's ``Fuse`` resizes without
            antialias.
    """

    def __init__(
        self,
        scale: float | tuple[int, int],
        keep_ratio: bool = True,
        interpolation: str = 'bicubic',
        lazy: bool = False,
    ) -> None:
        if interpolation not in INTERPOLATIONS:
            raise ValueError(
                f'CLIPResize: interpolation must be one of {", ".join(INTERPOLATIONS)}, '
                f'got {interpolation!r}.'
            )
        _refuse_lazy(self, lazy)
        super().__init__(scale, keep_ratio, interpolation)

    def transform(self, results: dict) -> dict:
        """Replace ``imgs`` and update the keys that mmaction2's ``Resize`` updates."""
        _refuse_lazy(self, 'lazy' in results)
        if not (self.keep_ratio and isinstance(self.scale, tuple) and self.scale[0] == np.inf):
            return super().transform(results)
        size = short_side_size(_frame_size(results), self.scale[1])
        exact = CLIPResize(size, keep_ratio=False, interpolation=self.interpolation)
        return exact.transform(results) | dict(keep_ratio=True)

    def _resize_imgs(self, imgs: Sequence[np.ndarray], new_w: int, new_h: int) -> list[np.ndarray]:
        return [self._resize(img, (new_h, new_w)) for img in imgs]

    def _resize(self, img: np.ndarray, size: tuple[int, int]) -> np.ndarray:
        if img.dtype != np.uint8 or img.ndim not in (2, 3):
            raise ValueError(
                f'CLIPResize takes frames of uint8 [H, W, 3] or [H, W], got {img.dtype} of shape '
                f'{img.shape}: put it before Normalize and FormatShape.'
            )
        if img.shape[:2] == size:
            return img
        pixels = torch.from_numpy(np.require(img, requirements=('C', 'W')))  # [H, W, 3] or [H, W]
        channels_first = pixels.movedim(-1, 0) if img.ndim == 3 else pixels[None]  # [3 or 1, H, W]
        mode = InterpolationMode(self.interpolation)
        resized = F.resize(channels_first, list(size), interpolation=mode, antialias=True)
        return (resized.movedim(0, -1) if img.ndim == 3 else resized[0]).contiguous().numpy()


@TRANSFORMS.register_module()
class CLIPCenterCrop(CenterCrop):
    """Crop the centre with torchvision's offsets.

    mmaction2's ``CenterCrop`` rounds an offset of a half down; torchvision and Pillow round it to
    the even pixel: of 455 pixels 224 are cut from 116 on, not from 115.

    Args:
        crop_size: Side of a square, or width and height.

    Raises:
        ValueError: A frame is smaller than the crop, or ``lazy=True``.
    """

    def __init__(self, crop_size: int | tuple[int, int], lazy: bool = False) -> None:
        _refuse_lazy(self, lazy)
        super().__init__(crop_size)

    def transform(self, results: dict) -> dict:
        """Replace ``imgs`` and ``img_shape``; keypoints and boxes are moved along."""
        _refuse_lazy(self, 'lazy' in results)
        height, width = _frame_size(results)
        crop_w, crop_h = self.crop_size
        if crop_w > width or crop_h > height:
            raise ValueError(
                f'crop_size {crop_w}x{crop_h} must fit into the frame, got {width}x{height}: '
                'resize to a longer short side before CLIPCenterCrop.'
            )
        left, top = round((width - crop_w) / 2), round((height - crop_h) / 2)
        bbox = np.array([left, top, left + crop_w, top + crop_h])
        results.update(crop_bbox=bbox, img_shape=(crop_h, crop_w))
        outer = np.asarray(results.get('crop_quadruple', (0, 0, 1, 1)))  # x, y, w, h
        inner = np.array([left / width, top / height, crop_w / width, crop_h / height])
        results['crop_quadruple'] = np.concatenate(
            [outer[:2] + inner[:2] * outer[2:], inner[2:] * outer[2:]]
        ).astype(np.float32)
        if 'imgs' in results:
            results['imgs'] = self._crop_imgs(results['imgs'], bbox)
        if 'keypoint' in results:
            results['keypoint'] = self._crop_kps(results['keypoint'], bbox)
        return self._all_box_crop(results, bbox) if 'gt_bboxes' in results else results


def short_side_size(frame: tuple[int, int], short_side: int) -> tuple[int, int]:
    """Width and height with a short side as given, the long one cut to whole pixels.

    Args:
        frame: Height and width.
        short_side: In pixels.
    """
    height, width = frame
    if width <= height:
        return short_side, int(short_side * height / width)
    return int(short_side * width / height), short_side


def resize_and_crop(
    size: tuple[int, int], interpolation: str = 'bicubic', resize_mode: str = 'shortest'
) -> list[dict[str, Any]]:
    """Configs of the transforms that turn decoded frames into the input of an image tower.

    ``'shortest'`` is the released test code: the short side to 256/224 of the crop, cut to whole
    pixels, then the centre. ``'squash'`` is that of open_clip: the whole frame to the size of the
    tower, without its aspect ratio.

    Args:
        size: Height and width that the tower takes.
        interpolation: That of the tower's own preprocessing. Defaults to ``'bicubic'``.
        resize_mode: That of the tower's own preprocessing. Defaults to ``'shortest'``.

    Raises:
        ValueError: Another resize mode.
    """
    height, width = size
    resize: dict[str, Any] = dict(type='CLIPResize', interpolation=interpolation)
    if interpolation == 'bicubic':
        del resize['interpolation']  # the default
    if resize_mode == 'squash':
        return [resize | dict(scale=(width, height), keep_ratio=False)]
    if resize_mode != 'shortest':
        raise ValueError(
            f'resize_mode must be one of {", ".join(RESIZE_MODES)}, got {resize_mode!r}: write the '
            'test pipeline of this tower into the config.'
        )
    crop = width if width == height else (width, height)
    return [
        resize | dict(scale=(-1, max(size) * 256 // 224)),
        dict(type='CLIPCenterCrop', crop_size=crop),
    ]


def _frame_size(results: dict) -> tuple[int, int]:
    return tuple(results.get('img_shape') or results['imgs'][0].shape[:2])


def _refuse_lazy(transform: object, lazy: bool) -> None:
    if lazy:
        name = type(transform).__name__
        raise ValueError(
            f"{name} does not take part in lazy operations, since mmaction2's Fuse resizes without "
            f'antialias: remove lazy=True, or put Fuse before {name}.'
        )
