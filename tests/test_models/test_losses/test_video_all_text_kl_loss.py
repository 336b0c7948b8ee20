"""The loss over the texts of all classes: what it equals in known cases."""

import pytest
import torch
import torch.nn.functional as F
from mmaction.registry import MODELS
from mmaction.structures import ActionDataSample

SCALE = torch.tensor(10.0)
CLASSES = torch.arange(4)


@pytest.fixture
def features():
    return torch.randn(3, 8), torch.randn(4, 8)


@pytest.fixture
def loss():
    return MODELS.build(dict(type='VideoAllTextKLLoss'))


def cosine_logits(video, text):
    return SCALE * F.normalize(video, dim=1) @ F.normalize(text, dim=1).t()


def test_it_wants_every_class_once(loss):
    assert loss.draw_classes(torch.tensor([2, 0]), 4).tolist() == [0, 1, 2, 3]
    assert loss.draw_classes(torch.eye(4), 4).tolist() == [0, 1, 2, 3]


def test_with_one_class_per_video_it_is_cross_entropy_both_ways(loss, features):
    labels = torch.tensor([2, 0, 3])  # class 1 has no video
    logits = cosine_logits(*features)
    to_text = F.cross_entropy(logits, labels)
    to_video = F.cross_entropy(logits.t()[labels], torch.arange(3))
    torch.testing.assert_close(loss(*features, SCALE, labels, CLASSES), (to_text + to_video) / 2)


def test_several_classes_share_the_target_of_a_video(loss, features):
    sets = torch.tensor([[1, 1, 0, 0], [0, 1, 0, 0], [0, 0, 0, 1]])
    logits = cosine_logits(*features)
    target = sets / sets.sum(dim=1, keepdim=True)
    to_text = F.kl_div(logits.log_softmax(dim=1), target, reduction='batchmean')
    present = [0, 1, 3]
    target = sets.t()[present] / sets.t()[present].sum(dim=1, keepdim=True)
    to_video = F.kl_div(logits.t()[present].log_softmax(dim=1), target, reduction='batchmean')
    found = loss(*features, SCALE, sets, torch.eye(4).long())
    torch.testing.assert_close(found, (to_text + to_video) / 2)


def test_a_video_without_a_label_is_a_negative_and_no_more(loss, features):
    video, text = features
    sets = torch.tensor([[1, 1, 0, 0], [0, 0, 0, 0], [0, 0, 0, 1]])
    logits = cosine_logits(video, text)
    labelled, present = [0, 2], [0, 1, 3]
    target = sets[labelled] / sets[labelled].sum(dim=1, keepdim=True)
    to_text = F.kl_div(logits[labelled].log_softmax(dim=1), target, reduction='batchmean')
    # each of these classes has one video, and the unlabelled one beside it in its row
    to_video = F.cross_entropy(logits.t()[present], torch.tensor([0, 0, 2]))
    found = loss(video, text, SCALE, sets, torch.eye(4).long())
    torch.testing.assert_close(found, (to_text + to_video) / 2)


def test_a_batch_without_any_label_teaches_nothing(loss, features):
    video, text = (feature.requires_grad_() for feature in features)
    found = loss(video, text, SCALE, torch.zeros(3, 4), torch.eye(4).long())
    found.backward()
    assert found.item() == 0
    assert not video.grad.any() and not text.grad.any()


def test_order_of_classes_does_not_matter(loss, features):
    video, text = features
    labels, order = torch.tensor([2, 0, 3]), torch.tensor([1, 3, 0, 2])
    torch.testing.assert_close(
        loss(video, text[order], SCALE, labels, order), loss(video, text, SCALE, labels, CLASSES)
    )


@pytest.mark.parametrize('multi_class', [False, True])
def test_a_batch_of_one_video_learns_from_the_other_classes(tiny_arch, multi_class):
    """Where the loss over the batch has nothing to tell apart."""
    label = torch.tensor([0, 1, 1]) if multi_class else 1
    gradients = {}
    for name in ('VideoTextKLLoss', 'VideoAllTextKLLoss'):
        head = MODELS.build(
            dict(
                type='VideoTextHead',
                in_channels=32,
                label_encoder=dict(
                    type='TextPromptLabelEncoder', labels=['a', 'b', 'c'], arch=tiny_arch
                ),
                loss_cls=dict(type=name),
                multi_class=multi_class,
            )
        )
        feats = torch.randn(1, 32, requires_grad=True)
        head.loss(feats, [ActionDataSample().set_gt_label(label)])['loss_cls'].backward()
        gradients[name] = feats.grad.abs().sum().item()
    assert gradients['VideoTextKLLoss'] == pytest.approx(0, abs=1e-6)
    assert gradients['VideoAllTextKLLoss'] > 1e-3
