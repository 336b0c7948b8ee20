"""Rows of training steps and evaluation."""

from typing import Any

from ..measuring import Way
from ..registry import Comparison, Options, row


@row('train-step-bf16', 'Training step of 2 videos of 8 frames in bfloat16')
def train_step(options: Options) -> Comparison:
    """fp32, and mmengine's autocast to bfloat16."""
    import torch
    from mmaction.structures import ActionDataSample
    from mmengine.optim import AmpOptimWrapper, OptimWrapper

    from ..table7 import build

    torch.manual_seed(0)
    frames = 2 if options.tiny else 8
    model = build(options.arch).to(options.device).train()
    size = model.backbone.preprocess.size
    batch = list(torch.randint(0, 256, (2, 1, 3, frames, *size), dtype=torch.uint8))
    samples = [ActionDataSample().set_gt_label(0) for _ in batch]

    def step(kind: Any, **settings: Any) -> Any:
        wrapper = kind(optimizer=torch.optim.SGD(model.parameters(), 0.0), **settings)

        def run() -> Any:
            torch.manual_seed(0)  # templates
            return model.train_step(dict(inputs=batch, data_samples=samples), wrapper)['loss_cls']

        return run

    full = step(OptimWrapper)
    half = step(AmpOptimWrapper, dtype='bfloat16', loss_scale=dict(enabled=False))
    return Comparison(
        [
            Way('fp32', full, 'default without a GPU'),
            Way('bfloat16', half, '--amp --cfg-options optim_wrapper.dtype=bfloat16'),
        ],
        difference=abs(float(full()) - float(half())),
        test='tests/test_models/test_precision.py::test_training_step',
        unit='step',
        note='The difference is that of the loss. Only processors with bfloat16 instructions gain.',
        rounds=2,
    )
