"""The head: scores, views, labels out of range, and a place under the host's recognizers."""

import pytest
import torch
from mmaction.registry import MODELS
from mmaction.structures import ActionDataSample

from actionclip_mm.models.heads.feature_pooling import pool_features
from actionclip_mm.models.heads.score_pooling import ENSEMBLES, ScorePooling, average_texts

LABELS = ['arm wrestling', 'brush hair', 'cleaning pool']


def head_cfg(arch, in_channels=32, **kwargs):
    encoder = dict(type='TextPromptLabelEncoder', labels=LABELS, arch=arch)
    return dict(
        type='VideoTextHead', in_channels=in_channels, label_encoder=encoder, topk=(1,), **kwargs
    )


@pytest.fixture
def build(tiny_arch):
    return lambda **kwargs: MODELS.build(head_cfg(tiny_arch, **kwargs)).eval()


def samples(*labels):
    return [ActionDataSample().set_gt_label(label) for label in labels]


def test_views_pooled_as_a_written_loop(build):
    head = build(average_clips='prob')
    feats = torch.randn(4, 32)  # two videos of two views
    logits = head(feats)
    assert logits.shape == (4, 16, 3)
    by_hand = torch.stack(
        [
            torch.stack([logits[v, p].softmax(0) for v in views for p in range(16)]).mean(0)
            for views in ((0, 1), (2, 3))
        ]
    )
    scores = torch.stack([s.pred_score for s in head.predict(feats, samples(0, 1))])
    torch.testing.assert_close(scores, by_hand)
    assert scores.dtype == torch.float32


@pytest.mark.parametrize('ensemble', ENSEMBLES)
@pytest.mark.parametrize('views', ['prob', 'score', 'max'])
def test_one_view_and_one_template_is_a_softmax(views, ensemble):
    logits = torch.randn(5, 1, 1, 7)
    pooled = ScorePooling(views, ensemble)(logits)
    torch.testing.assert_close(pooled, logits[:, 0, 0].softmax(dim=-1))


@pytest.mark.parametrize(
    'views, ensemble, by_hand',
    [
        ('prob', 'prob', lambda x: x.softmax(-1).mean((1, 2))),
        ('score', 'prob', lambda x: x.mean(1).softmax(-1).mean(1)),
        ('max', 'prob', lambda x: x.softmax(-1).mean(2).amax(1)),
        ('prob', 'score', lambda x: x.mean(2).softmax(-1).mean(1)),
        ('score', 'score', lambda x: x.mean((1, 2)).softmax(-1)),
        (None, 'prob', lambda x: x.softmax(-1).mean(2)),
    ],
)
def test_where_the_softmax_stands(views, ensemble, by_hand):
    logits = torch.randn(2, 3, 4, 5)
    torch.testing.assert_close(ScorePooling(views, ensemble)(logits), by_hand(logits))


def test_embed_ensemble_is_the_mean_direction_of_own_sentences(build):
    head = build(ensemble='embed')
    head.label_encoder.set_labels(['a', 'b'], {'a': ['one', 'two', 'three'], 'b': ['four']})
    feats = torch.randn(2, 32)
    text = torch.nn.functional.normalize(head.label_encoder(), dim=-1)
    by_hand = torch.stack([text[:3, 0].mean(0), text[0, 1]])
    expected = 100 * torch.cosine_similarity(feats[:, None], by_hand[None], dim=-1)
    torch.testing.assert_close(head(feats)[:, 0], expected, rtol=1e-4, atol=1e-4)
    assert average_texts(text, head.label_encoder.num_sentences).shape == (1, 2, 32)


def test_unpooled_views_are_kept(build):
    head = build(average_clips=None)
    assert head.predict(torch.randn(4, 32), samples(0, 1))[0].pred_score.shape == (2, 3)


def test_learned_scale_at_test_time_is_an_option(build):
    feats = torch.randn(2, 32)
    fixed, learned = build(), build(test_scale=None)
    learned.load_state_dict(fixed.state_dict())
    torch.testing.assert_close(fixed(feats) / 100, learned(feats) / learned.logit_scale.exp())


def test_scale_is_clamped_at_a_hundred(build):
    head = build().train()
    head.logit_scale.data.fill_(9.0)
    losses = head.loss(torch.randn(2, 32), samples(0, 1))
    assert losses['logit_scale'].item() == pytest.approx(100, rel=1e-5)


def test_scale_can_be_fixed(build):
    head = build(learnable_scale=False)
    head.loss(torch.randn(2, 32), samples(0, 1))['loss_cls'].backward()
    assert head.logit_scale.grad is None


@pytest.mark.parametrize('label', [3, 17, -1])
def test_label_out_of_range(build, label):
    with pytest.raises(ValueError, match=f'has label {label} but there are 3 class names'):
        build().loss(torch.randn(2, 32), samples(0, label))


def test_multi_label_needs_a_label(build):
    head = build(multi_class=True)
    sets = [ActionDataSample().set_gt_label(torch.tensor(row)) for row in ([1, 1, 0], [0, 0, 1])]
    assert head.loss(torch.randn(2, 32), sets)['loss_cls'].isfinite()
    sets[0].gt_label[:] = 0
    with pytest.raises(ValueError, match='at least one label'):
        head.loss(torch.randn(2, 32), sets)


def test_bad_configs(build):
    with pytest.raises(ValueError, match='num_classes=400 but the label encoder has 3'):
        build(num_classes=400)
    with pytest.raises(ValueError, match="average_clips='mean' is unknown"):
        build(average_clips='mean')
    with pytest.raises(ValueError, match="ensemble='vote' is unknown"):
        build(ensemble='vote')
    with pytest.raises(ValueError, match='loss_cls=CrossEntropyLoss compares no texts'):
        build(loss_cls=dict(type='CrossEntropyLoss'))
    assert build(num_classes=3).num_classes == 3


def test_set_labels(build):
    head = build()
    head.set_labels(['a', 'b', 'c', 'd'])
    assert head.predict(torch.randn(1, 32), samples(0))[0].pred_score.shape == (4,)
    assert head.num_classes == 4


def test_pool_features():
    frames = torch.randn(6, 8, 2, 2)  # 2 videos of 3 frames
    expected = frames.view(2, 3, 8, 4).mean(dim=(1, 3))
    torch.testing.assert_close(pool_features(frames, num_segs=3), expected)
    volume = torch.randn(2, 8, 3, 2, 2)
    torch.testing.assert_close(pool_features(volume), volume.flatten(2).mean(dim=2))
    assert pool_features((volume, volume[:, :4])).shape == (2, 12)
    with pytest.raises(ValueError, match='features of shape'):
        pool_features(torch.randn(3))


@pytest.mark.parametrize(
    'recognizer, backbone, in_channels, shape',
    [
        ('Recognizer2D', dict(type='ResNet', depth=18, norm_eval=False), 512, (2, 3, 3, 32, 32)),
        (
            'Recognizer3D',
            dict(type='ResNet3dSlowOnly', depth=18, pretrained=None, norm_eval=False),
            512,
            (2, 1, 3, 4, 32, 32),
        ),
    ],
)
def test_under_the_hosts_own_recognizers(tiny_arch, recognizer, backbone, in_channels, shape):
    model = MODELS.build(
        dict(type=recognizer, backbone=backbone, cls_head=head_cfg(tiny_arch, in_channels))
    )
    inputs = torch.randn(shape)
    losses = model(inputs, samples(0, 1), mode='loss')
    losses['loss_cls'].backward()
    assert model.cls_head.projection.weight.grad.abs().sum() > 0
    model.eval()
    scores = model(inputs, samples(0, 1), mode='predict')[1].pred_score
    assert scores.sum().item() == pytest.approx(1, abs=1e-5)


def test_a_bias_on_all_logits_changes_nothing(build):
    """SigLIP's logit bias is left out because it cancels in every softmax."""
    head = build()
    logits, positives = torch.randn(4, 4), torch.eye(4).bool()
    torch.testing.assert_close(
        head.loss_cls.divergence(logits - 10, positives),
        head.loss_cls.divergence(logits, positives),
    )
    logits = torch.randn(2, 1, 16, 3)  # [N, V, P, C]
    torch.testing.assert_close(head.pool_scores(logits - 10), head.pool_scores(logits))


@pytest.mark.parametrize('scale', [50.0, 117.3])
def test_the_scale_of_the_weights_is_kept(build, monkeypatch, scale):
    """SigLIP's is above CLIP's limit of 100."""
    monkeypatch.setattr(
        'open_clip.CustomTextCLIP.get_parameter', lambda *args: torch.tensor(scale).log()
    )
    head = build()
    assert head.logit_scale.exp().item() == pytest.approx(scale)
    assert head.loss(torch.randn(2, 32), samples(0, 1))['logit_scale'].item() == pytest.approx(
        scale
    )
    with torch.no_grad():
        head.logit_scale.fill_(9.0)
    limited = head.loss(torch.randn(2, 32), samples(0, 1))['logit_scale'].item()
    assert limited == pytest.approx(max(100.0, scale), rel=1e-4)
