"""Training steps of a model at random weights."""

import argparse

import torch
from mmaction.registry import MODELS
from mmaction.structures import ActionDataSample
from torch import nn

from ..clip.hub import skip_loading_weights


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
