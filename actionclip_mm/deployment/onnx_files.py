"""The video side and the text tower for ONNX runtimes, checked with onnxruntime."""

import importlib
import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ..apis.inferencer import ActionCLIPInferencer
from ..utils import name_errors
from .capture import (
    CHECKED,
    TOKEN_AXES,
    VIDEO_AXES,
    Axes,
    capture,
    check_torch,
    largest_difference,
    quiet,
    video_inputs,
)
from .facts import as_strings, facts_of, shape_of_clips
from .text_side import TextSide
from .video_side import VideoSide

OPSETS = (18, 23)  # lowest and highest
OPSET = 20
PACKAGES = ('onnx', 'onnxscript', 'onnxruntime')


def export_onnx(
    path: str | Path,
    inferencer: ActionCLIPInferencer,
    facts: Mapping[str, Any] | None = None,
    opset: int = OPSET,
) -> float:
    """Write the video side with free N, V, P and C.

    Inputs ``video`` and ``text``, outputs ``scores`` and ``features``: see :class:`VideoSide`.
    Weights above 2 GB go to a ``.data`` file next to it.

    Args:
        path: ``.onnx`` to write.
        inferencer: The model, on the CPU.
        facts: For the metadata (``metadata_props``). Defaults to :func:`facts_of`.
        opset: Version of the operators. Defaults to 20.

    Returns:
        The largest difference of onnxruntime from the model, for 1 and 3 videos.

    Raises:
        ImportError: A package is missing.
        ValueError: Another opset, a model that cannot be traced, or a difference above 1e-4.
        OSError: The file was not written.
    """
    check_onnx(opset)
    facts = facts or facts_of(inferencer)
    side = VideoSide(inferencer.model, inferencer.matcher.temperature)
    shape = shape_of_clips(inferencer)[2:]
    width = inferencer.model.cls_head.label_encoder.out_channels
    batches = [video_inputs(shape, width, number) for number in CHECKED]
    return _write(Path(path), side, batches, VIDEO_AXES, ('scores', 'features'), facts, opset)


def export_text_tower(
    path: str | Path,
    inferencer: ActionCLIPInferencer,
    facts: Mapping[str, Any] | None = None,
    opset: int = OPSET,
) -> float:
    """Write the text tower with a free number of sentences.

    Input ``tokens`` int64 [S, L], output ``text`` [S, D]: see :class:`TextSide`. Arguments, result
    and errors are those of :func:`export_onnx`.
    """
    check_onnx(opset)
    facts = facts or facts_of(inferencer)
    side = TextSide(inferencer.model)
    rows = side.example.repeat(3, 1)  # [3·C, L]
    batches = [[rows[:number]] for number in CHECKED]
    return _write(Path(path), side, batches, TOKEN_AXES, ('text',), facts, opset)


def check_onnx(opset: int = OPSET) -> None:
    """Refuse what cannot be exported, before anything slow.

    Raises:
        ImportError: A package is missing.
        ValueError: Another opset, or an old torch.
    """
    low, high = OPSETS
    if not low <= opset <= high:
        raise ValueError(f'--opset must be in [{low}, {high}], got {opset}.')
    missing = [name for name in PACKAGES if not _is_installed(name)]
    if missing:
        raise ImportError(
            f"--format onnx needs {' and '.join(missing)}: pip install 'actionclip_mm[onnx]'."
        )
    check_torch()


def _is_installed(name: str) -> bool:
    try:
        importlib.import_module(name)
    except ImportError:
        return False
    return True


def _write(
    path: Path,
    module: nn.Module,
    batches: Sequence[Sequence[Tensor]],
    axes: Axes,
    outputs: Sequence[str],
    facts: Mapping[str, Any],
    opset: int,
) -> float:
    program = capture(module, batches[-1], axes)
    with quiet():
        exported: Any = torch.onnx.export(
            program, input_names=list(axes), output_names=list(outputs), opset_version=opset,
            dynamo=True, verbose=False,
        )  # fmt: skip
    exported.model.metadata_props.update(as_strings(facts))
    path.parent.mkdir(parents=True, exist_ok=True)
    with name_errors(path), tempfile.TemporaryDirectory(dir=path.parent) as folder:
        exported.save(Path(folder) / path.name)  # under its name, by which it finds its .data
        difference = largest_difference(module, _session(Path(folder) / path.name, axes), batches)
        for part in Path(folder).iterdir():
            os.replace(part, path.with_name(part.name))
    return difference


def _session(path: Path, axes: Axes) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    session = onnxruntime.InferenceSession(path, options, providers=['CPUExecutionProvider'])
    return lambda batch: session.run(
        None, {name: value.numpy() for name, value in zip(axes, batch, strict=True)}
    )
