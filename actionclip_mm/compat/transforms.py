"""Transforms of the host that numpy 2 breaks."""

import numpy as np

from .replace import mark


def hue_shift_in_uint8() -> None:
    """ColorJitter adds the hue offset in uint8, which numpy 2 refuses and which wraps at 256."""
    from mmaction.datasets.transforms import ColorJitter

    purple, factor = np.array([[[255, 0, 128]]], np.uint8), 100 / 255  # hue 165 of 180
    try:
        works = np.array_equal(
            ColorJitter.adjust_hue(purple, factor), _adjust_hue(purple, factor)
        ) and np.array_equal(ColorJitter.adjust_hue(purple, -factor), _adjust_hue(purple, -factor))
    except OverflowError:
        works = False
    if not works:
        ColorJitter.adjust_hue = staticmethod(mark(_adjust_hue))


def _adjust_hue(img: np.ndarray, factor: float) -> np.ndarray:
    """Turn the hue of RGB image(s) in 0..255 by ``factor`` * 255 steps of OpenCV's 180."""
    import cv2

    hsv = cv2.cvtColor(np.clip(img, 0, 255).astype(np.uint8), cv2.COLOR_RGB2HSV)
    hue = hsv[..., 0].astype(np.int16) + int(factor * 255)
    hsv[..., 0] = (hue % 180).astype(np.uint8)
    return cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB).astype(np.float32)
