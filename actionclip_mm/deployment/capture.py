"""Trace a module with free batch dimensions, and compare its exported form with it."""

import contextlib
import inspect
import io
import logging
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from .video_side import exportable

DIFFERENCE = 1e-4  # largest allowed between an exported file and torch
# shapes that are checked after an export: one item, and several
CHECKED = (1, 3)

Axes = Mapping[str, Mapping[int, str]]
VIDEO_AXES: Axes = dict(video={0: 'N', 1: 'V'}, text={0: 'P', 1: 'C'})
TOKEN_AXES: Axes = dict(tokens={0: 'S'})


def capture(module: nn.Module, example: Sequence[Tensor], axes: Axes) -> Any:
    """Trace a module.

    Args:
        module: On the CPU.
        example: Its inputs; free dimensions have sizes above 1, which differ from one another.
        axes: Names of the free dimensions of each input.

    Returns:
        ``torch.export.ExportedProgram``.

    Raises:
        ValueError: A module that cannot be traced with free dimensions, or an old torch.
    """
    check_torch()
    dims = {name: torch.export.Dim(name) for free in axes.values() for name in free.values()}
    shapes = {key: {axis: dims[name] for axis, name in free.items()} for key, free in axes.items()}
    with exportable(module), quiet():
        try:
            return torch.export.export(module, tuple(example), dynamic_shapes=shapes)
        except Exception as error:  # of torch's many kinds
            reason = str(error).strip().partition('\n')[0]
            raise ValueError(
                f'The model cannot be traced with a free batch size ({reason}): export a folder, '
                'which keeps the model as it is.'
            ) from error


def check_torch() -> None:
    """Refuse a torch that traces no free dimensions, or exports no traced program to ONNX.

    Raises:
        ValueError: torch before 2.6.
    """
    traces = hasattr(torch, 'export') and hasattr(torch.export, 'Dim')
    if not (traces and 'dynamo' in inspect.signature(torch.onnx.export).parameters):
        raise ValueError(
            'The formats onnx and torch-export need torch >= 2.6 (tested with 2.15), got '
            f'{torch.__version__}: upgrade it.'
        )


def video_inputs(shape: Sequence[int], width: int, number: int, seed: int = 0) -> list[Tensor]:
    """Random inputs of a ``VideoSide``.

    Args:
        shape: T, H, W.
        width: D, the width of text features.
        number: N; V is 1 for a single video and 2 else.
        seed: Of the random numbers.
    """
    draw = torch.Generator().manual_seed(seed)
    views = min(number, 2)
    video = torch.randn(number, views, 3, *shape, generator=draw)  # [N, V, 3, T, H, W]
    return [video, torch.randn(number + 2, number + 4, width, generator=draw)]  # [P, C, D]


def largest_difference(
    module: nn.Module,
    run: Callable[[Sequence[Tensor]], Sequence[Any]],
    batches: Sequence[Sequence[Tensor]],
) -> float:
    """Largest difference between an exported file and torch, relative to values above 1.

    Args:
        module: What was exported.
        run: Computes the outputs of the exported file.
        batches: Inputs.

    Raises:
        ValueError: It exceeds :data:`DIFFERENCE`.
    """
    largest = 0.0
    for batch in batches:
        with exportable(module):
            expected = module(*batch)
        expected = [expected] if isinstance(expected, Tensor) else expected
        for right, found in zip(expected, run(batch), strict=True):
            values = right.numpy()
            scale = max(1.0, float(np.abs(values).max()))
            largest = max(largest, float(np.abs(values - np.asarray(found)).max()) / scale)
    if not largest <= DIFFERENCE:
        raise ValueError(
            f'The exported file differs from torch by {largest:.1e}, more than {DIFFERENCE}: it '
            'was not written; try another --opset, or versions of torch and onnxruntime.'
        )
    return largest


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Hide the warnings and progress lines of torch's exporters."""
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter('ignore')
        level = logging.root.manager.disable
        logging.disable(logging.WARNING)
        try:
            yield
        finally:
            logging.disable(level)
