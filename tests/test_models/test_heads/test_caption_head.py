"""Images meet captions of their own; what is true of several images is a positive of them all."""

import pytest
import torch
from mmaction.registry import MODELS
from mmaction.structures import ActionDataSample

CAPTIONS = [['red circle', 'red'], ['red square', 'red'], ['blue']]


@pytest.fixture
def head(tiny_arch: dict):
    return build(tiny_arch)


def build(arch: dict, **kwargs):
    encoder = dict(type='TextPromptLabelEncoder', labels=['red'], templates=['{}'], arch=arch)
    return MODELS.build(dict(type='CaptionHead', in_channels=32, label_encoder=encoder, **kwargs))


def samples() -> list[ActionDataSample]:
    return [ActionDataSample(metainfo=dict(captions=captions)) for captions in CAPTIONS]


def test_positives_are_the_captions_that_hold(head) -> None:
    data = samples()
    data[0].set_metainfo(dict(captions=['red']))  # so that 'red' is surely drawn
    tokens, images, texts = head.training_texts(data)
    assert len(tokens) == 3
    positives = images.float() @ texts.float().t() > 0  # [images, texts]
    assert positives.diagonal().all()
    assert positives[:, 0].tolist() == [True, True, False]  # 'red' holds for both red ones
    assert positives[:, 2].tolist() == [False, False, True]


@pytest.mark.parametrize('count', [1, 3])
def test_learns_from_several_captions_at_once(tiny_arch: dict, count: int) -> None:
    head = build(tiny_arch, captions_per_image=count)
    feats = torch.randn(3, 32, requires_grad=True)
    losses = head.loss(feats, samples())
    losses['loss_cls'].backward()
    assert torch.isfinite(losses['loss_cls'])
    assert feats.grad is not None and feats.grad.abs().sum() > 0


@pytest.mark.parametrize('count', [0, -1, 1.5])
def test_refuses_no_captions_per_image(tiny_arch: dict, count: float) -> None:
    with pytest.raises(ValueError, match='captions_per_image'):
        build(tiny_arch, captions_per_image=count)


@pytest.mark.parametrize('loss', ['VideoAllTextKLLoss', 'VideoTextBCELoss'])
def test_refuses_losses_over_all_classes(tiny_arch: dict, loss: str) -> None:
    with pytest.raises(ValueError, match=f'compares with captions.*got {loss}'):
        build(tiny_arch, loss_cls=dict(type=loss))


def test_refuses_samples_without_captions(head) -> None:
    with pytest.raises(ValueError, match='meta_keys'):
        head.training_texts([ActionDataSample()])
