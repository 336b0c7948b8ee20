"""The head: scores, views, labels out of range, and a place under the host's recognizers."""

import pytest
import torch
from mmaction.registry import MODELS
from mmaction.structures import ActionDataSample

from actionclip_mm.models.heads.score_pooling import average_texts

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


def test_embed_ensemble_is_the_mean_direction_of_own_sentences(build):
    head = build(ensemble='embed')
    head.label_encoder.set_labels(['a', 'b'], {'a': ['one', 'two', 'three'], 'b': ['four']})
    feats = torch.randn(2, 32)
    text = torch.nn.functional.normalize(head.label_encoder(), dim=-1)
    by_hand = torch.stack([text[:3, 0].mean(0), text[0, 1]])
    expected = 100 * torch.cosine_similarity(feats[:, None], by_hand[None], dim=-1)
    torch.testing.assert_close(head(feats)[:, 0], expected, rtol=1e-4, atol=1e-4)
    assert average_texts(text, head.label_encoder.num_sentences).shape == (1, 2, 32)


@pytest.mark.parametrize('ensemble', ['prob', 'score', 'embed'])
@pytest.mark.parametrize('test_scale', [100.0, None])
def test_kept_directions_give_the_same_scores(build, ensemble, test_scale):
    head = build(ensemble=ensemble, test_scale=test_scale)
    encoder, feats = head.label_encoder, torch.randn(4, 32)
    prompts = {label: ['{}', 'a {}', 'the {}'][: 1 + index] for index, label in enumerate(LABELS)}
    for templates in (None, prompts):
        head.set_labels(LABELS, templates)
        with torch.no_grad():
            text = torch.nn.functional.normalize(encoder(), dim=-1)
            if ensemble == 'embed':
                text = average_texts(text, encoder.num_sentences)
            video = torch.nn.functional.normalize(feats, dim=-1)
            scale = test_scale or head.logit_scale.exp()
            by_hand = scale * torch.einsum('bd,pcd->bpc', video, text)
            for found in (
                head(feats),
                head.compare(feats, encoder(), encoder.num_sentences),
                head.compare_bank(feats, encoder.bank()),
            ):
                torch.testing.assert_close(found, by_hand, rtol=1e-6, atol=2e-5)
        torch.testing.assert_close(head(feats).detach(), by_hand, rtol=1e-6, atol=2e-5)


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
    with pytest.raises(ValueError, match=rf'must be in \[0, 2\], got {label}'):
        build().loss(torch.randn(2, 32), samples(0, label))


def label_sets(*rows):
    return [ActionDataSample().set_gt_label(torch.tensor(row)) for row in rows]


def test_multi_label_needs_a_label_where_each_video_brings_its_text(build):
    head = build(multi_class=True)
    feats = torch.randn(2, 32)
    assert head.loss(feats, label_sets([1, 1, 0], [0, 0, 1]))['loss_cls'].isfinite()
    with pytest.raises(ValueError, match='VideoTextKLLoss needs a label for every video'):
        head.loss(feats, label_sets([0, 0, 0], [0, 0, 1]))
    with pytest.raises(ValueError, match='must have the shape .B, 3., got .2, 2.'):
        head.loss(feats, label_sets([1, 0], [0, 1]))


@pytest.mark.parametrize('loss', ['VideoAllTextKLLoss', 'VideoTextBCELoss'])
def test_losses_over_all_texts_take_videos_without_a_label(build, loss):
    head = build(multi_class=True, loss_cls=dict(type=loss))
    feats = torch.randn(2, 32, requires_grad=True)
    head.loss(feats, label_sets([0, 0, 0], [0, 0, 1]))['loss_cls'].backward()
    assert feats.grad.isfinite().all() and feats.grad[0].any()


def test_scores_of_multi_label_videos_are_similarities(build):
    head = build(multi_class=True)
    feats = torch.randn(4, 32)  # two videos of two views
    predicted = head.predict(feats, label_sets([1, 0, 1], [0, 1, 0]))
    scores = torch.stack([sample.pred_score for sample in predicted])
    torch.testing.assert_close(scores, head(feats).mean(1).unflatten(0, (2, 2)).mean(1))
    assert [sample.pred_label.tolist() for sample in predicted] == [
        [best] for best in scores.argmax(dim=1).tolist()
    ]
    competing = build(multi_class=True, scores='softmax').predict(feats, label_sets([1], [1]))
    assert competing[0].pred_score.sum().item() == pytest.approx(1, abs=1e-5)


def test_the_best_view_of_each_class(build):
    head = build(multi_class=True, average_clips='max')
    feats = torch.randn(4, 32)
    expected = head(feats).mean(1).unflatten(0, (2, 2)).amax(1)
    predicted = head.predict(feats, label_sets([1, 0, 1], [0, 1, 0]))
    torch.testing.assert_close(torch.stack([s.pred_score for s in predicted]), expected)


def test_sigmoid_scores_are_what_the_loss_was_told(build):
    head = build(
        multi_class=True,
        scores='sigmoid',
        test_scale=None,
        loss_cls=dict(type='VideoTextBCELoss', margin=0.1),
    )
    feats, sets = torch.randn(1, 32), [[1, 0, 1]]
    head.label_encoder.set_labels(LABELS, ['{}'])  # one template, for the loss draws one
    probs = head.predict(feats, label_sets(*sets))[0].pred_score
    expected = torch.nn.functional.binary_cross_entropy(probs, torch.tensor(sets[0]).float())
    found = head.loss(feats, label_sets(*sets))['loss_cls']
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)


def test_sigmoid_scores_need_a_margin_and_the_learned_scale(build):
    message = "scores='sigmoid' needs VideoTextBCELoss .*set these, or scores='similarity'"
    for kwargs in (dict(test_scale=None), dict(loss_cls=dict(type='VideoTextBCELoss'))):
        with pytest.raises(ValueError, match=message):
            build(multi_class=True, scores='sigmoid', **kwargs)


def test_bad_configs(build):
    with pytest.raises(ValueError, match='num_classes must be 3, the number of labels.*got 400'):
        build(num_classes=400)
    with pytest.raises(ValueError, match="average_clips must be one of .*, got 'mean'"):
        build(average_clips='mean')
    with pytest.raises(ValueError, match="ensemble must be one of .*, got 'vote'"):
        build(ensemble='vote')
    with pytest.raises(ValueError, match="scores must be one of .*, got 'logits'"):
        build(scores='logits')
    with pytest.raises(ValueError, match='loss_cls must be .*, got CrossEntropyLoss'):
        build(loss_cls=dict(type='CrossEntropyLoss'))
    assert build(num_classes=3).num_classes == 3


def test_set_labels(build):
    head = build()
    head.set_labels(['a', 'b', 'c', 'd'])
    assert head.predict(torch.randn(1, 32), samples(0))[0].pred_score.shape == (4,)
    assert head.num_classes == 4


def test_another_width_is_named(build):
    with pytest.raises(ValueError, match=r'in_channels must be 24, as in the backbone, got 32'):
        build()(torch.randn(2, 24))


def test_mixed_videos_have_no_sentence(build):
    mixed = [ActionDataSample().set_gt_label(torch.tensor([0.3, 0.7, 0.0])) for _ in range(2)]
    with pytest.raises(ValueError, match='blending=None'):
        build().loss(torch.randn(2, 32), mixed)


@pytest.mark.parametrize('blending', ['MixupBlending', 'CutmixBlending', 'RandomBatchAugment'])
@pytest.mark.parametrize('loss', ['VideoTextKLLoss', 'VideoAllTextKLLoss', 'VideoTextBCELoss'])
def test_mixed_label_sets_have_no_sentence_either(build, blending, loss):
    """A label mixed in at 0.05 counted as a full positive."""
    cfg = dict(type=blending, num_classes=3, alpha=0.8)
    if blending == 'RandomBatchAugment':
        cfg = dict(type=blending, augments=dict(type='MixupBlending', num_classes=3))
    sets = torch.tensor([[1.0, 1, 0], [0, 0, 1], [1, 0, 0], [0, 1, 1]])
    samples = [ActionDataSample().set_gt_label(row) for row in sets]
    head = build(multi_class=True, loss_cls=dict(type=loss))
    assert head.loss(torch.randn(4, 32), samples)['loss_cls'].isfinite()
    blend = MODELS.build(cfg)
    while all(sample.gt_label.frac().eq(0).all() for sample in samples):  # some draws mix nothing
        _, samples = blend(torch.randn(4, 3, 2, 16, 16), samples)
    with pytest.raises(ValueError, match='must be 0 or 1, got values in between: set .*blending='):
        head.loss(torch.randn(4, 32), samples)


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


@pytest.mark.parametrize('scale', [20.0, 200.0])
def test_the_scale_of_a_checkpoint_is_kept(build, scale):
    """The released trainer has no limit."""
    head = build()
    state = {name: value.clone() for name, value in head.state_dict().items()}
    state['logit_scale'] = torch.tensor(scale).log()
    head.load_state_dict(state)
    found = head.loss(torch.randn(2, 32), samples(0, 1))['logit_scale'].item()
    assert found == pytest.approx(scale, rel=1e-5)
    with torch.no_grad():
        head.logit_scale.fill_(9.0)
    limited = head.loss(torch.randn(2, 32), samples(0, 1))['logit_scale'].item()
    assert limited == pytest.approx(max(100.0, scale), rel=1e-5)
