"""The binary loss over the texts of all classes: what it equals, and that its margin learns."""

import pytest
import torch
import torch.nn.functional as F
from mmaction.registry import MODELS

SCALE = torch.tensor(10.0)
SETS = torch.tensor([[1, 1, 0, 0], [0, 0, 0, 0], [0, 0, 0, 1]])
CLASSES = torch.eye(4).long()


@pytest.fixture
def features():
    return torch.randn(3, 8), torch.randn(4, 8)


def build(**kwargs):
    return MODELS.build(dict(type='VideoTextBCELoss', **kwargs))


def test_equals_torch_with_the_margin_as_a_bias(features):
    video, text = features
    cosine = F.normalize(video, dim=1) @ F.normalize(text, dim=1).t()
    expected = F.binary_cross_entropy_with_logits(10 * cosine - 2, SETS.float())
    loss = build(margin=0.2, loss_weight=3.0)
    torch.testing.assert_close(loss(video, text, SCALE, SETS, CLASSES), 3 * expected)


def test_ids_are_sets_of_one(features):
    loss = build()
    ids = torch.tensor([2, 0, 3])
    torch.testing.assert_close(
        loss(*features, SCALE, ids, torch.arange(4)),
        loss(*features, SCALE, F.one_hot(ids, 4), CLASSES),
    )


def test_it_wants_every_class_once():
    assert build().draw_classes(torch.eye(4), 4).tolist() == [0, 1, 2, 3]


def test_a_class_is_a_question_of_its_own(features):
    """Another class' text has no influence on the gradient of this one."""
    video, text = features
    gradients = []
    for other in (text[0], -text[0]):
        texts = torch.stack([other, *text[1:]]).requires_grad_()
        build()(video, texts, SCALE, SETS, CLASSES).backward()
        gradients.append(texts.grad[1:])
    torch.testing.assert_close(*gradients)


@pytest.mark.parametrize('learnable', [True, False])
def test_the_margin_can_learn(features, learnable):
    loss = build(learnable_margin=learnable)
    video, text = features
    loss(video.requires_grad_(), text, SCALE, SETS, CLASSES).backward()
    assert (loss.margin.grad is not None) is learnable


def test_a_margin_that_is_no_cosine():
    with pytest.raises(ValueError, match='margin must be in .*, got -10'):
        build(margin=-10)
