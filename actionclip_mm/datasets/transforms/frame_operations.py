"""torchvision's image operations on uint8 frames [H, W, 3], faster and with the same pixels.

torchvision works on float copies of all frames of a clip. Here an operation on single pixels is a
table of 256 values, made by torchvision from the values 0 to 255; a warp is one map of coordinates
for all frames, made by torchvision from an image of coordinates; the rest runs frame by frame, in
the processor's cache. Only :func:`adjust_hue` may differ, by one grey level.
"""

import functools
from collections.abc import Callable

import cv2
import numpy as np
import torch
from torch import Tensor
from torchvision.transforms import functional as F

Frames = list[np.ndarray]  # T arrays of uint8 [H, W, 3], RGB

LUMA = np.array([0.2989, 0.587, 0.114], np.float32)  # torchvision's weights of R, G and B
_UNIT = (np.arange(256, dtype=np.float32) / np.float32(255))[None]  # [1, 256]
_TO_UINT8 = np.float32(255.999)  # torchvision's convert_image_dtype: 256 - 1e-3, then truncated


def _ramp() -> Tensor:
    return torch.arange(256, dtype=torch.uint8).view(1, 1, 256)


def apply_pointwise(frames: Frames, operation: Callable[[Tensor], Tensor]) -> Frames:
    """Apply an operation that maps each value without regard to its pixel or channel.

    Args:
        frames: T frames.
        operation: Maps an image tensor [1, H, W] of uint8 to one of the same shape.
    """
    table = operation(_ramp()).numpy().reshape(1, 256)
    return [cv2.LUT(frame, table) for frame in frames]


def warp(frames: Frames, operation: Callable[[Tensor], Tensor]) -> Frames:
    """Move pixels of all frames alike, without interpolation; pixels from outside are 0.

    Args:
        frames: T frames of one size.
        operation: Warps an image tensor [C, H, W] to the nearest pixels, with zeros outside.
    """
    source = operation(_coordinates(*frames[0].shape[:2]))  # [2, H, W], 0: from outside
    x, y = source.numpy() - 1
    places, weights = cv2.convertMaps(x, y, cv2.CV_16SC2, nninterpolation=True)
    return [cv2.remap(frame, places, weights, cv2.INTER_NEAREST) for frame in frames]


@functools.lru_cache(maxsize=4)
def _coordinates(height: int, width: int) -> Tensor:
    """Column and row of each pixel, from 1: [2, H, W]."""
    rows, columns = torch.arange(1.0, height + 1), torch.arange(1.0, width + 1)
    y, x = torch.meshgrid(rows, columns, indexing='ij')
    return torch.stack([x, y])


def grey(frame: np.ndarray) -> np.ndarray:
    """Luma [H, W] of a frame, truncated to uint8 as in torchvision's ``rgb_to_grayscale``."""
    luma, term = np.empty((2, *frame.shape[:2]), np.float32)
    np.multiply(frame[..., 0], LUMA[0], out=luma)
    for channel in (1, 2):
        np.multiply(frame[..., channel], LUMA[channel], out=term)
        luma += term
    return luma.astype(np.uint8)


def to_grey(frames: Frames) -> Frames:
    """Frames with three equal channels."""
    return [cv2.cvtColor(grey(frame), cv2.COLOR_GRAY2RGB) for frame in frames]


def adjust_contrast(frames: Frames, factor: float) -> Frames:
    """Blend each frame with the mean of its luma."""
    changed = []
    for frame in frames:
        mean = torch.from_numpy(grey(frame)).float().mean()
        values = (factor * _ramp() + (1.0 - factor) * mean).clamp(0, 255).to(torch.uint8)
        changed.append(cv2.LUT(frame, values.numpy().reshape(1, 256)))
    return changed


def adjust_saturation(frames: Frames, factor: float) -> Frames:
    """Blend each frame with its luma."""
    return [
        _blend(frame, luma, factor) for frame, luma in zip(frames, to_grey(frames), strict=True)
    ]


def adjust_sharpness(frames: Frames, factor: float) -> Frames:
    """Blend each frame with its mean over 3x3 pixels, in which the middle one counts five times."""
    if min(frames[0].shape[:2]) <= 2:
        return frames
    kernel = np.ones((3, 3), np.float32)
    kernel[1, 1] = 5
    changed = []
    for frame in frames:
        blurred = frame.copy()
        blurred[1:-1, 1:-1] = cv2.filter2D(frame, -1, kernel / kernel.sum())[1:-1, 1:-1]
        changed.append(_blend(frame, blurred, factor))
    return changed


def autocontrast(frames: Frames) -> Frames:
    """Stretch each channel of each frame to 0 to 255."""
    changed = []
    for frame in frames:
        rows = frame.reshape(len(frame), -1)  # [H, W * 3]: numpy is fast along long rows
        low = rows.min(axis=0).reshape(-1, 3).min(axis=0).reshape(3, 1, 1)
        high = rows.max(axis=0).reshape(-1, 3).max(axis=0).reshape(3, 1, 1)
        ramps = torch.from_numpy(np.clip(_ramp().numpy(), low, high))  # [3, 1, 256]
        changed.append(_look_up(frame, F.autocontrast(ramps)))
    return changed


def equalize(frames: Frames) -> Frames:
    """Equalize the histogram of each channel of each frame."""
    return [
        _look_up(frame, torch.stack([_equalizing(frame, channel) for channel in range(3)]))
        for frame in frames
    ]


def _equalizing(frame: np.ndarray, channel: int) -> Tensor:
    """Table [1, 256] of one channel, as in torchvision."""
    counts = cv2.calcHist([frame], [channel], None, [256], [0, 256]).reshape(-1).astype(np.int64)
    step = int(counts[counts > 0][:-1].sum()) // 255
    if step == 0:
        return _ramp()[0]
    table = (np.cumsum(counts) + step // 2) // step
    return torch.from_numpy(np.append(0, table[:-1]).clip(0, 255).astype(np.uint8))[None]


def adjust_hue(frames: Frames, offset: float) -> Frames:
    """Turn the hue by a fraction of the circle, from -0.5 to 0.5, with OpenCV's float HSV.

    At most one grey level from torchvision's ``adjust_hue``, in fewer than one of 1,000 values,
    and about 30 times as fast.
    """
    turn = np.float32(offset * 360 % 360)
    changed = []
    for frame in frames:
        hsv = cv2.cvtColor(cv2.LUT(frame, _UNIT), cv2.COLOR_RGB2HSV)  # hue in degrees
        hue = hsv[..., 0] + turn
        hue[hue >= 360] -= 360
        hsv[..., 0] = hue
        rgb = cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)
        changed.append(np.multiply(rgb, _TO_UINT8, out=rgb).astype(np.uint8))
    return changed


def _look_up(frame: np.ndarray, tables: Tensor) -> np.ndarray:
    """Replace the values of each channel by its table, of [3, 1, 256]."""
    return cv2.LUT(frame, np.ascontiguousarray(tables.numpy().transpose(1, 2, 0)))


def _blend(frame: np.ndarray, other: np.ndarray, ratio: float) -> np.ndarray:
    """``ratio * frame + (1 - ratio) * other``, truncated, with torchvision's roundings."""
    values, term = np.empty((2, *frame.shape), np.float32)
    np.multiply(frame, np.float32(ratio), out=values)
    values += np.multiply(other, np.float32(1.0 - ratio), out=term)
    return np.clip(values, 0, 255, out=values).astype(np.uint8)
