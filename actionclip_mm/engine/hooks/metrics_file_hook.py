"""Write the metrics of a test to a JSON file with a fixed name."""

import math
from pathlib import Path
from typing import Any

from mmaction.registry import HOOKS
from mmengine.dist import master_only
from mmengine.hooks import Hook
from mmengine.runner import Runner

from ...utils import write_json


@HOOKS.register_module()
class MetricsFileHook(Hook):
    """Write ``{metric: number}`` as JSON at the end of a test.

    mmengine's log is in a folder named after the time, and has null for numbers that are not Python
    floats. Here null stands for NaN and Inf only, which JSON lacks.

    Args:
        out_file: The file; an existing one is replaced.

    Raises:
        ValueError: ``out_file`` does not end in ``.json``.
    """

    def __init__(self, out_file: str) -> None:
        if not str(out_file).endswith('.json'):
            raise ValueError(f"MetricsFileHook.out_file='{out_file}' must end in .json.")
        self.out_file = Path(out_file)

    @master_only
    def before_test(self, runner: Runner) -> None:
        # or a failed test would seem to have the old result
        self.out_file.unlink(missing_ok=True)

    @master_only
    def after_test_epoch(self, runner: Runner, metrics: dict[str, Any] | None = None) -> None:
        plain = {key: _number(value) for key, value in (metrics or {}).items()}
        write_json(self.out_file, plain, indent=None)


def _number(value: Any) -> Any:
    """Convert numbers of numpy and torch; arrays to lists, NaN and Inf to None."""
    value = value.tolist() if hasattr(value, 'tolist') else value
    if isinstance(value, list):
        return [_number(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
