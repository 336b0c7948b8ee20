"""A training step gives all its work to the device without waiting for a result."""

import pytest
import torch
from mmaction.registry import MODELS
from mmaction.structures import ActionDataSample

from actionclip_mm.performance.host_waits import HostWaits


@pytest.fixture
def batch():
    samples = [ActionDataSample().set_gt_label(label) for label in (0, 2)]
    frames = torch.randint(0, 256, (2, 1, 3, 2, 32, 32), dtype=torch.uint8)
    return dict(inputs=list(frames), data_samples=samples)


def test_a_training_step_never_waits(model_cfg, batch):
    model = MODELS.build(model_cfg).train()
    model.cls_head.label_encoder.trims_tokens = False  # as on a GPU, where lengths are not read
    data = model.data_preprocessor(batch, True)
    with HostWaits() as waits:
        model(**data, mode='loss')['loss_cls'].backward()
    assert not waits.names


def test_labels_are_checked_once_before_they_move(model_cfg, batch, monkeypatch):
    model = MODELS.build(model_cfg).train()
    checked = []
    check = model.cls_head._check_labels
    monkeypatch.setattr(model.cls_head, '_check_labels', lambda x: (checked.append(x), check(x)))
    data = model.data_preprocessor(batch, True)
    assert len(checked) == 1
    model(**data, mode='loss')
    assert len(checked) == 1
    model(**data, mode='loss')  # without the preprocessor
    assert len(checked) == 2
    model.data_preprocessor(batch, False)
    assert len(checked) == 2
    batch['data_samples'][0].set_gt_label(3)
    with pytest.raises(ValueError, match=r'must be in \[0, 2\], got 3'):
        model.data_preprocessor(batch, training=True)
