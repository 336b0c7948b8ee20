"""The recognizer: wiring, views, preprocessing and the exchange of classes."""

import pytest
import torch
from mmaction.registry import MODELS
from mmaction.structures import ActionDataSample


def samples(count):
    return [ActionDataSample().set_gt_label(i % 3) for i in range(count)]


def scores(model, inputs):
    with torch.no_grad():
        return torch.stack([s.pred_score for s in model.predict(inputs, samples(len(inputs)))])


def test_one_training_step_reaches_every_part(model_cfg):
    model = MODELS.build(model_cfg)
    data = dict(
        inputs=[torch.randint(0, 256, (1, 3, 4, 32, 32), dtype=torch.uint8) for _ in range(3)],
        data_samples=samples(3),
    )
    data = model.data_preprocessor(data, training=True)
    model(**data, mode='loss')['loss_cls'].backward()
    without = [name for name, p in model.named_parameters() if p.grad is None]
    assert without == []


def test_views_are_averaged(model_cfg):
    model = MODELS.build(model_cfg).eval()
    inputs = torch.randn(2, 3, 3, 4, 32, 32)  # [N, V, 3, T, H, W]
    by_view = torch.stack([scores(model, inputs[:, v : v + 1]) for v in range(3)]).mean(dim=0)
    torch.testing.assert_close(scores(model, inputs), by_view)


def test_bounded_views_change_nothing(model_cfg):
    model = MODELS.build(model_cfg).eval()
    inputs = torch.randn(1, 5, 3, 4, 32, 32)
    at_once = scores(model, inputs)
    model.test_cfg = dict(max_testing_views=2)
    torch.testing.assert_close(scores(model, inputs), at_once)


def test_pixel_mean_comes_from_the_model_unless_given(model_cfg):
    model = MODELS.build(model_cfg)
    assert model.data_preprocessor.mean.flatten().tolist() == pytest.approx(
        [122.77, 116.75, 104.09], abs=0.01
    )
    model_cfg['data_preprocessor'] = dict(mean=[1.0, 2.0, 3.0], std=[4.0, 5.0, 6.0])
    model = MODELS.build(model_cfg)
    assert model.data_preprocessor.mean.flatten().tolist() == [1, 2, 3]


def test_set_labels(model_cfg):
    model = MODELS.build(model_cfg).eval()
    model.set_labels(['two', 'four'], 'label_only')
    assert scores(model, torch.randn(2, 1, 3, 4, 32, 32)).shape == (2, 2)


def test_backbone_and_neck_under_a_plain_classification_head(model_cfg):
    """The paper's unimodal baseline."""
    model_cfg['cls_head'] = dict(
        type='TimeSformerHead', num_classes=3, in_channels=32, average_clips='prob'
    )
    model = MODELS.build(model_cfg)
    inputs = torch.randn(3, 1, 3, 4, 32, 32)
    model(inputs, samples(3), mode='loss')['loss_cls'].backward()
    assert model.backbone.visual.conv1.weight.grad.abs().sum() > 0
    assert scores(model.eval(), inputs).shape == (3, 3)
    with pytest.raises(ValueError, match='classes of TimeSformerHead are fixed'):
        model.set_labels(['one', 'two'])


def test_labels_need_a_head(model_cfg):
    del model_cfg['cls_head']
    with pytest.raises(ValueError, match='classes of CLIPRecognizer are fixed'):
        MODELS.build(model_cfg).set_labels(['one'])


def test_neck_of_another_width(model_cfg):
    model_cfg['neck']['in_channels'] = 64
    model = MODELS.build(model_cfg)
    with pytest.raises(ValueError, match=r'takes .B, T, 64., got .1, 4, 32.: set neck'):
        model(torch.randn(1, 1, 3, 4, 32, 32), samples(1), mode='loss')
