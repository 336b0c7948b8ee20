"""Names that numpy 2 no longer has, for the modules of mmaction2 that use them."""

import importlib
import inspect
from types import ModuleType
from typing import Any

import numpy as np

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


def names_of_numpy_1() -> None:
    """``np.Inf``, ``np.in1d`` and ``np.trapz`` work in mmaction2; numpy itself stays as it is."""
    for path in MODULES:
        module = importlib.import_module(path)
        source = inspect.getsource(module)
        if module.np is np and any(
            f'np.{name}' in source and not hasattr(np, name) for name in OLD_NAMES
        ):
            module.np = _Numpy(np.__name__)  # type: ignore[attr-defined]


class _Numpy(ModuleType):
    def __getattr__(self, name: str) -> Any:
        return getattr(np, name) if hasattr(np, name) or name not in OLD_NAMES else OLD_NAMES[name]
