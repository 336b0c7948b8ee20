"""Multiply-accumulate operations of the two sides of a model, and the machine's matrix peak."""

import time
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode


@dataclass(frozen=True)
class Cost:
    """Cost of one video and of one sentence.

    Attributes:
        video: MACs of the image tower and the neck for a video of one view.
        sentence: MACs of the text tower for a sentence of the full context length.
        video_parameters: Parameters of the image tower and the neck.
        text_parameters: Parameters of the text tower.
    """

    video: int
    sentence: int
    video_parameters: int
    text_parameters: int


def count_cost(model: Any, frames: int) -> Cost:
    """Count the operations of a recognizer on the meta device; its weights are lost.

    Products of matrices and convolutions count (torch's ``FlopCounterMode``, which counts a
    multiply-accumulate as two), with those in attention.

    Args:
        model: CLIPRecognizer with a VideoTextHead.
        frames: T.
    """
    model = model.to('meta').eval()
    encoder = model.cls_head.label_encoder
    videos = torch.empty(1, 1, 3, frames, *model.backbone.preprocess.size, device='meta')
    tokens = torch.zeros(1, encoder.tokens.shape[-1], dtype=torch.long, device='meta')
    return Cost(
        video=count_macs(model, videos, stage='neck'),
        sentence=count_macs(encoder.text, tokens),
        video_parameters=_parameters(model.backbone) + _parameters(getattr(model, 'neck', None)),
        text_parameters=_parameters(encoder.text),
    )


@torch.no_grad()
def count_macs(module: nn.Module, *inputs: Tensor, **kwargs: Any) -> int:
    """Multiply-accumulate operations of a forward pass."""
    with FlopCounterMode(display=False) as counter:
        module(*inputs, **kwargs)
    return counter.get_total_flops() // 2


def _parameters(module: nn.Module | None) -> int:
    return 0 if module is None else sum(p.numel() for p in module.parameters())


def matrix_peak(device: str, dtype: torch.dtype, size: int = 2048, seconds: float = 1.0) -> float:
    """Best measured multiply-accumulates per second of a product of two square matrices.

    On a CPU a second is one of CPU time on each thread, as other programs need time too.

    Args:
        device: Where to multiply.
        dtype: Of both matrices.
        size: Rows and columns.
        seconds: How long to measure.
    """
    a, b = (torch.randn(size, size, device=device).to(dtype) for _ in range(2))
    on_gpu = device.startswith('cuda')
    clock = time.perf_counter if on_gpu else time.process_time
    threads = 1 if on_gpu else torch.get_num_threads()
    best, end = float('inf'), time.perf_counter() + seconds
    while time.perf_counter() < end or best == float('inf'):
        start = clock()
        a @ b
        if on_gpu:
            torch.cuda.synchronize(device)
        best = min(best, (clock() - start) / threads or float('inf'))
    return size**3 / best
