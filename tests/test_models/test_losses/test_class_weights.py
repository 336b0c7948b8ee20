"""Class weights of the losses over texts: weighted means as torch computes them."""

import pytest
import torch
import torch.nn.functional as F
from mmaction.registry import MODELS
from mmaction.structures import ActionDataSample
from torch import Tensor

from actionclip_mm.models.losses import BaseVideoTextLoss

LOSSES = {
    name: cls
    for name, cls in sorted(MODELS.module_dict.items())
    if isinstance(cls, type) and issubclass(cls, BaseVideoTextLoss)
}
SCALE = torch.tensor(10.0)
WEIGHTS = [0.5, 3.0, 1.0, 0.0]
LABELS = torch.tensor([1, 0, 1, 2, 3])
SETS = torch.tensor([[1, 1, 0, 0], [0, 1, 0, 0], [0, 0, 0, 0], [1, 0, 1, 1], [0, 0, 0, 1]])


def build(name: str, class_weight: object = None, **kwargs: object) -> torch.nn.Module:
    return MODELS.build(dict(type=name, class_weight=class_weight, **kwargs))


def texts_of(name: str, labels: Tensor) -> Tensor:
    """Labels of the texts: of each video's first class, or of all classes once."""
    classes = labels.argmax(dim=1) if labels.dim() == 2 else labels
    if not LOSSES[name].needs_labels:
        classes = torch.arange(4)
    return F.one_hot(classes, 4) if labels.dim() == 2 else classes


def features(name: str, labels: Tensor) -> tuple[Tensor, Tensor]:
    return torch.randn(len(labels), 8), torch.randn(len(texts_of(name, labels)), 8)


def row_kl(logits: Tensor, positives: Tensor) -> Tensor:
    """KL of one row against the even target of its positives, summed element by element."""
    target = positives.float() / positives.sum()
    terms = [q * (q / p).log() for q, p in zip(target, logits.softmax(dim=0), strict=True) if q > 0]
    return torch.stack(terms).sum()


def weighted_kl(video: Tensor, text: Tensor, labels: Tensor, texts: Tensor) -> Tensor:
    """Both directions row by row; rows without a positive do not count."""
    logits = SCALE * F.normalize(video, dim=1) @ F.normalize(text, dim=1).t()
    as_sets = [F.one_hot(ids, 4) if ids.dim() == 1 else ids for ids in (labels, texts)]
    positives = (as_sets[0] @ as_sets[1].t()) > 0
    means = []
    for rows, pairs, sets in (
        (logits, positives, as_sets[0]),
        (logits.t(), positives.t(), as_sets[1]),
    ):
        total, mass = torch.tensor(0.0), 0.0
        for row, pair, members in zip(rows, pairs, sets, strict=True):
            if pair.any():
                ids = members.nonzero().flatten().tolist()
                weight = sum(WEIGHTS[i] for i in ids) / len(ids)
                total, mass = total + weight * row_kl(row, pair), mass + weight
        means.append(total / mass)
    return sum(means) / 2


@pytest.mark.parametrize('name', ['VideoTextKLLoss', 'VideoAllTextKLLoss'])
@pytest.mark.parametrize('labels', [LABELS, SETS], ids=['ids', 'sets'])
def test_contrastive_rows_weigh_what_their_classes_do(name: str, labels: Tensor) -> None:
    if LOSSES[name].needs_labels and labels.dim() == 2:
        labels = labels[labels.any(dim=1)]  # it needs a label of every video
    texts = texts_of(name, labels)
    video, text = features(name, labels)
    found = build(name, WEIGHTS)(video, text, SCALE, labels, texts)
    torch.testing.assert_close(found, weighted_kl(video, text, labels, texts))


def test_over_all_texts_it_is_torchs_weighted_cross_entropy() -> None:
    video, text = features('VideoAllTextKLLoss', LABELS)
    loss = build('VideoAllTextKLLoss', WEIGHTS)
    logits = SCALE * F.normalize(video, dim=1) @ F.normalize(text, dim=1).t()
    rows, _ = loss.row_losses(
        F.normalize(video, dim=1), F.normalize(text, dim=1), SCALE, LABELS, torch.arange(4)
    )
    weights, _ = loss.weights(LABELS, torch.arange(4))
    expected = F.cross_entropy(logits, LABELS, torch.tensor(WEIGHTS))
    torch.testing.assert_close((weights * rows).sum() / weights.sum(), expected)


@pytest.mark.parametrize('labels', [LABELS, SETS], ids=['ids', 'sets'])
def test_binary_questions_weigh_what_their_classes_do(labels: Tensor) -> None:
    video, text = features('VideoTextBCELoss', labels)
    cosine = F.normalize(video, dim=1) @ F.normalize(text, dim=1).t()
    target = (F.one_hot(labels, 4) if labels.dim() == 1 else labels).float()
    weights = torch.tensor(WEIGHTS)
    sums = F.binary_cross_entropy_with_logits(
        SCALE * (cosine - 0.3), target, weights, reduction='sum'
    )
    found = build('VideoTextBCELoss', WEIGHTS)(
        video, text, SCALE, labels, texts_of('VideoTextBCELoss', labels)
    )
    torch.testing.assert_close(found, sums / len(labels) / weights.sum())


@pytest.mark.parametrize('name', LOSSES)
def test_equal_weights_change_nothing(name: str) -> None:
    video, text = features(name, LABELS)
    texts = texts_of(name, LABELS)
    plain = build(name)(video, text, SCALE, LABELS, texts)
    torch.testing.assert_close(build(name, [2.0] * 4)(video, text, SCALE, LABELS, texts), plain)
    assert not build(name, WEIGHTS).state_dict().keys() - build(name).state_dict().keys()


@pytest.mark.parametrize('name', LOSSES)
def test_a_class_of_weight_0_teaches_nothing(name: str) -> None:
    video, text = (feature.requires_grad_() for feature in features(name, LABELS))
    loss = build(name, [0.0, 0, 0, 1])
    labels = torch.tensor([1, 0, 1, 2, 0])  # none of class 3
    found = loss(video, text, SCALE, labels, texts_of(name, labels))
    found.backward()
    if not LOSSES[name].has_margin:  # there class 3 is a question to every video
        assert found.item() == 0 and not video.grad.any()
    assert found.isfinite() and video.grad.isfinite().all()


@pytest.mark.parametrize(
    'weights, error, words',
    [
        ([1.0, -1.0], ValueError, 'finite numbers of 0 or more, .*, got -1.0 for class 1'),
        ([1.0, float('nan')], ValueError, 'got nan for class 1'),
        ([0.0, 0.0], ValueError, 'one of them above 0'),
        ('weights.txt', TypeError, 'a list with one number per class'),
        ([1.0, 'x'], TypeError, 'a list with one number per class'),
    ],
)
@pytest.mark.parametrize('name', LOSSES)
def test_bad_weights_are_refused(name: str, weights: object, error: type, words: str) -> None:
    with pytest.raises(error, match=words):
        build(name, weights)


@pytest.mark.parametrize('name', LOSSES)
def test_the_head_wants_a_weight_for_each_label(name: str, tiny_arch: dict) -> None:
    encoder = dict(type='TextPromptLabelEncoder', labels=['a', 'b', 'c'], arch=tiny_arch)
    head = dict(type='VideoTextHead', in_channels=32, label_encoder=encoder)
    with pytest.raises(ValueError, match='one weight for each of the 3 labels, got 2'):
        MODELS.build(dict(loss_cls=dict(type=name, class_weight=[1, 2]), **head))
    built = MODELS.build(dict(loss_cls=dict(type=name, class_weight=[1, 2, 3]), **head))
    samples = [ActionDataSample().set_gt_label(i) for i in range(2)]
    assert built.loss(torch.randn(2, 32), samples)['loss_cls'].isfinite()
    built.set_labels(['a', 'b'])
    with pytest.raises(ValueError, match='one weight for each of the 2 labels, got 3'):
        built.loss(torch.randn(2, 32), samples)


def test_captions_have_no_class_weights(tiny_arch: dict) -> None:
    encoder = dict(type='TextPromptLabelEncoder', labels=['a', 'b'], arch=tiny_arch)
    loss = dict(type='VideoTextKLLoss', class_weight=[1, 2])
    with pytest.raises(ValueError, match='compares with captions, not classes'):
        MODELS.build(dict(type='CaptionHead', in_channels=32, label_encoder=encoder, loss_cls=loss))
