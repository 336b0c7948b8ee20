"""Time and memory of single steps of a model."""

import argparse
import time
from collections.abc import Callable, Hashable, Mapping
from typing import TypeVar

import torch
from mmaction.registry import MODELS
from mmaction.structures import ActionDataSample
from torch import nn
from torch.profiler import ProfilerActivity, profile

from ..clip.hub import skip_loading_weights

Key = TypeVar('Key', bound=Hashable)


class Step:
    """Forward and backward pass of a model at random weights on random videos."""

    def __init__(self, model_cfg: dict, args: argparse.Namespace, once: bool) -> None:
        torch.manual_seed(0)
        with skip_loading_weights():
            self.model: nn.Module = MODELS.build(model_cfg).train().to(args.device)
        size = self.model.backbone.preprocess.size
        self.videos = torch.randn(args.videos, 1, 3, args.frames, *size, device=args.device)
        self.samples = [
            ActionDataSample().set_gt_label(index % args.classes) for index in range(args.videos)
        ]
        encoder = self.model.cls_head.label_encoder
        encoder.learns = not once
        if once:  # as after the first iterations, once all sentences were drawn
            with torch.no_grad():
                encoder()

    def loss(self) -> torch.Tensor:
        return self.model(self.videos, self.samples, mode='loss')['loss_cls']

    def __call__(self) -> None:
        self.loss().backward()
        self.model.zero_grad()  # its memory is another step's

    def kept_bytes(self) -> int:
        """Bytes that autograd keeps for the backward pass, without the weights."""
        weights = {p.data_ptr() for p in self.model.parameters()}
        kept: dict[int, int] = {}

        def note(tensor: torch.Tensor) -> torch.Tensor:
            storage = tensor.untyped_storage()
            if storage.data_ptr() not in weights:
                kept[storage.data_ptr()] = storage.nbytes()
            return tensor

        with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
            self.loss()
        return sum(kept.values())


def seconds(steps: Mapping[Key, Callable[[], None]], rounds: int, device: str) -> dict[Key, float]:
    """Best time of each step. They take turns, so that a busy machine slows all of them.

    On a CPU this is processor time, which other programs hardly change.
    """
    clock = time.perf_counter if device.startswith('cuda') else time.process_time
    times: dict[Key, list[float]] = {name: [] for name in steps}
    for round_ in range(rounds + 1):
        for name, step in steps.items():
            start = clock()
            step()
            if device.startswith('cuda'):
                torch.cuda.synchronize()
            if round_:  # the first is a warm-up
                times[name].append(clock() - start)
    return {name: min(values) for name, values in times.items()}


def peak_bytes(call: Callable[[], None], device: str) -> int:
    """Peak memory of tensors allocated during a call.

    On a CPU the allocations are counted: the size of the process includes freed blocks that glibc
    keeps.
    """
    if device.startswith('cuda'):
        before = torch.cuda.memory_allocated()
        torch.cuda.reset_peak_memory_stats()
        call()
        return torch.cuda.max_memory_allocated() - before
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiler:
        call()
    in_use = peak = 0
    for event in profiler.profiler.kineto_results.events():
        if event.name() == '[memory]':  # freed memory is negative
            in_use += event.nbytes()
            peak = max(peak, in_use)
    return peak
