"""Writes the metrics of a test into a file of a known name, with whole numbers kept whole."""

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
    """Writes ``{metric: number}`` as JSON once a test has ended.

    mmengine's own log of a test lies in a folder named after the time and has null for numbers that
    are no Python floats. Here null stands for NaN and Inf alone, which JSON does not have.

    Args:
        out_file: The file; one that is there is replaced.

    Raises:
        ValueError: ``out_file`` does not end in ``.json``.
    """

    def __init__(self, out_file: str) -> None:
        if not str(out_file).endswith('.json'):
            raise ValueError(f"MetricsFileHook.out_file='{out_file}' must end in .json.")
        self.out_file = Path(out_file)

    @master_only
    def before_test(self, runner: Runner) -> None:
        # an old file must not pass for the result of a test that fails
        self.out_file.unlink(missing_ok=True)

    @master_only
    def after_test_epoch(self, runner: Runner, metrics: dict[str, Any] | None = None) -> None:
        plain = {key: _number(value) for key, value in (metrics or {}).items()}
        write_json(self.out_file, plain, indent=None)


def _number(value: Any) -> Any:
    """A Python number for one of numpy's or torch's; lists for arrays; None for NaN and Inf."""
    value = value.tolist() if hasattr(value, 'tolist') else value
    if isinstance(value, list):
        return [_number(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
