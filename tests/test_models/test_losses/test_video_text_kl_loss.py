"""The KL loss: targets, several positives, what it equals in known cases."""

import pytest
import torch
import torch.nn.functional as F
from mmaction.registry import MODELS

from actionclip_mm.models.losses.video_text_kl_loss import (
    find_positives,
    normalized_target,
    softmax_target,
)

SCALE = torch.tensor(10.0)


@pytest.fixture
def features():
    return torch.randn(6, 8), torch.randn(6, 8)


def build(**kwargs):
    return MODELS.build(dict(type='VideoTextKLLoss', **kwargs))


def test_targets_sum_to_one_per_row():
    positives = find_positives(torch.tensor([0, 1, 0]), torch.tensor([0, 1, 0]))
    assert positives.tolist() == [[True, False, True], [False, True, False], [True, False, True]]
    torch.testing.assert_close(
        normalized_target(positives), torch.tensor([[0.5, 0, 0.5], [0, 1, 0], [0.5, 0, 0.5]])
    )
    soft = softmax_target(positives)
    torch.testing.assert_close(soft.sum(dim=1), torch.ones(3))
    assert soft[1, 0].item() == pytest.approx(1 / (2 + torch.e**10), rel=1e-5)


def test_label_sets_are_positive_where_they_overlap():
    videos = torch.tensor([[1, 1, 0], [0, 0, 1]])
    texts = torch.tensor([[0, 1, 0], [1, 0, 0], [0, 0, 1]])
    assert find_positives(videos, texts).tolist() == [[True, True, False], [False, False, True]]


def test_with_distinct_labels_it_is_clips_symmetric_cross_entropy(features):
    video, text = features
    labels = torch.arange(6)
    logits = SCALE * F.normalize(video, dim=1) @ F.normalize(text, dim=1).t()
    expected = (F.cross_entropy(logits, labels) + F.cross_entropy(logits.t(), labels)) / 2
    torch.testing.assert_close(build()(video, text, SCALE, labels), expected)


def test_it_is_zero_only_where_rows_meet_their_target():
    features = torch.eye(4)[torch.tensor([0, 1, 2, 0])]
    labels = torch.tensor([0, 1, 2, 0])
    assert build()(features, features, torch.tensor(100.0), labels).item() < 1e-6
    assert build()(features, features.flip(0), torch.tensor(100.0), labels).item() > 1


def test_order_of_the_batch_does_not_matter(features):
    video, text = features
    labels = torch.tensor([0, 1, 0, 2, 1, 0])
    order = torch.tensor([3, 0, 5, 1, 4, 2])
    loss = build()
    torch.testing.assert_close(
        loss(video, text, SCALE, labels), loss(video[order], text[order], SCALE, labels[order])
    )


def test_half_precision_features_are_compared_in_full_precision(features):
    video, text = features
    loss = build()(video.bfloat16(), text.bfloat16(), SCALE, torch.arange(6))
    assert loss.dtype == torch.float32


def test_weight_and_unknown_target(features):
    labels = torch.arange(6)
    torch.testing.assert_close(
        build(loss_weight=2.0)(*features, SCALE, labels), 2 * build()(*features, SCALE, labels)
    )
    with pytest.raises(ValueError, match="must be one of 'normalized', 'softmax', got 'soft'"):
        build(target='soft')


def test_autocast_does_not_round_similarities(features):
    labels, loss = torch.arange(6), build()
    expected = loss(*features, SCALE, labels)
    with torch.autocast('cpu', dtype=torch.bfloat16):
        assert torch.equal(loss(*features, SCALE, labels), expected)


def test_a_text_stands_for_one_class_of_its_video():
    sets = torch.tensor([[0, 1, 1], [1, 0, 0]])
    draws = torch.stack([build().draw_classes(sets, 3) for _ in range(50)])
    assert set(draws[:, 0].tolist()) == {1, 2} and set(draws[:, 1].tolist()) == {0}
    assert build().draw_classes(torch.tensor([2, 0]), 3).tolist() == [2, 0]
