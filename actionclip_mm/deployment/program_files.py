"""The video side for torch.export: a ``.pt2`` program that needs torch alone, and its facts."""

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from ..apis.inferencer import ActionCLIPInferencer
from ..utils import name_errors, write_json
from .capture import CHECKED, VIDEO_AXES, capture, largest_difference, video_inputs
from .facts import facts_of, shape_of_clips
from .video_side import VideoSide


def export_program(
    path: str | Path, inferencer: ActionCLIPInferencer, facts: Mapping[str, Any] | None = None
) -> float:
    """Write the video side with free N, V, P and C.

    ``torch.export.load(path).module()`` takes ``video`` and ``text`` and returns scores and
    features, as :class:`VideoSide`. The facts are in a ``.json`` next to it.

    Args:
        path: ``.pt2`` to write.
        inferencer: The model, on the CPU.
        facts: For the JSON file. Defaults to :func:`facts_of`.

    Returns:
        The largest difference of the loaded program from the model, for 1 and 3 videos.

    Raises:
        ValueError: A model that cannot be traced, or a difference above 1e-4.
        OSError: The file was not written.
    """
    path, facts = Path(path), facts or facts_of(inferencer)
    side = VideoSide(inferencer.model, inferencer.matcher.temperature)
    shape = shape_of_clips(inferencer)[2:]
    width = inferencer.model.cls_head.label_encoder.out_channels
    batches = [video_inputs(shape, width, number) for number in CHECKED]
    program = capture(side, batches[-1], VIDEO_AXES)
    path.parent.mkdir(parents=True, exist_ok=True)
    with name_errors(path), tempfile.TemporaryDirectory(dir=path.parent) as folder:
        part = Path(folder) / path.name
        torch.export.save(program, part)
        loaded = torch.export.load(part).module()
        difference = largest_difference(
            side, lambda batch: [value.detach() for value in loaded(*batch)], batches
        )
        os.replace(part, path)
    write_json(path.with_suffix('.json'), dict(facts), indent=2)
    return difference
