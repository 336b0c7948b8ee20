"""What numpy 2 breaks in mmaction2: removed names, and integers that overflow."""

import importlib
import inspect
from types import ModuleType
from typing import Any

import numpy as np

from .fixes import fix

OLD_NAMES: dict[str, Any] = dict(
    Inf=np.inf,
    in1d=lambda a, b, **options: np.isin(np.ravel(a), b, **options),
    trapz=getattr(np, 'trapezoid', None),
)
# PoseCompact and other skeleton transforms, frame_extract, recall of proposals, retrieval
MODULES = (
    'mmaction.datasets.transforms.pose_transforms',
    'mmaction.utils.misc',
    'mmaction.evaluation.functional.accuracy',
    'mmaction.evaluation.metrics.multimodal_metric',
)


def _modules_with_old_names() -> list[Any]:
    modules: list[Any] = [importlib.import_module(path) for path in MODULES]
    gone = [f'np.{name}' for name in OLD_NAMES if not hasattr(np, name)]
    return [
        module
        for module in modules
        if module.np is np and any(name in inspect.getsource(module) for name in gone)
    ]


@fix(lambda: bool(_modules_with_old_names()))
def restore_numpy_1_names() -> None:
    """mmaction2 uses ``np.Inf``, ``np.in1d`` and ``np.trapz``, which numpy 2 removed.

    Only the modules that use the names see them; numpy is not changed.
    """
    for module in _modules_with_old_names():
        module.np = _Numpy(np.__name__)


class _Numpy(ModuleType):
    def __getattr__(self, name: str) -> Any:
        return getattr(np, name) if hasattr(np, name) or name not in OLD_NAMES else OLD_NAMES[name]


def _hue_overflows() -> bool:
    from mmaction.datasets.transforms import ColorJitter

    purple, factor = np.array([[[255, 0, 128]]], np.uint8), 100 / 255  # hue 165 of 180
    try:
        return not all(
            np.array_equal(ColorJitter.adjust_hue(purple, shift), _adjust_hue(purple, shift))
            for shift in (factor, -factor)
        )
    except OverflowError:
        return True


@fix(_hue_overflows)
def shift_hue_without_overflow() -> None:
    """ColorJitter adds the hue offset in uint8, which numpy 2 refuses and which wraps at 256."""
    from mmaction.datasets.transforms import ColorJitter

    ColorJitter.adjust_hue = staticmethod(_adjust_hue)


def _adjust_hue(img: np.ndarray, factor: float) -> np.ndarray:
    """Shift the hue of RGB images (0 to 255) by ``factor`` * 255, modulo 180 as in OpenCV."""
    import cv2

    hsv = cv2.cvtColor(np.clip(img, 0, 255).astype(np.uint8), cv2.COLOR_RGB2HSV)
    hue = hsv[..., 0].astype(np.int16) + int(factor * 255)
    hsv[..., 0] = (hue % 180).astype(np.uint8)
    return cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB).astype(np.float32)
