"""Matchers: laws of all that are registered, brute force, public numbers, use in a head."""

import itertools

import pytest
import torch
import torch.nn.functional as F
from mmaction.registry import MODELS
from mmaction.structures import ActionDataSample
from mmengine.dataset import pseudo_collate

from actionclip_mm import ActionCLIPInferencer
from actionclip_mm.apis.inputs import Source
from actionclip_mm.apis.video_reading import default_pipeline
from actionclip_mm.models.matchers import BaseMatcher
from actionclip_mm.models.matchers.alignment import align
from actionclip_mm.models.matchers.transport import transport

MATCHERS = sorted(
    name
    for name, cls in MODELS.module_dict.items()
    if isinstance(cls, type) and issubclass(cls, BaseMatcher)
)
OF_FRAMES = [name for name in MATCHERS if MODELS.get(name).takes_frames]
D = 16


def features(*shape):
    return F.normalize(torch.randn(*shape, D), dim=-1)


def build(name, **options):
    return MODELS.build(dict(type=name, **options)).eval()


@pytest.mark.parametrize('name', OF_FRAMES)
def test_shape_order_and_neighbours(name):
    matcher, video, text = build(name), features(3, 6), features(4, 5)  # [B, T, D], [P, C, D]
    counts = torch.full((5,), 4)
    scores = matcher(video, text, counts)
    assert scores.shape == (3, 1, 5)
    for index in range(3):
        alone = matcher(video[index : index + 1], text, counts)
        torch.testing.assert_close(alone[0], scores[index])
    moved = (matcher(video.flip(1), text, counts) - scores).abs().max()
    assert moved > 1e-3 if matcher.order_aware else moved < 1e-6


@pytest.mark.parametrize('name', OF_FRAMES)
def test_a_single_frame(name):
    assert build(name)(features(2, 1), features(2, 3), torch.full((3,), 2)).shape == (2, 1, 3)


@pytest.mark.parametrize('name', ['SequenceMatcher', 'ConceptMatcher'])
def test_repeated_rows_of_shorter_classes_do_not_count(name):
    """The label encoder repeats sentences until every class has P."""
    matcher, video, text = build(name), features(2, 5), features(4, 3)
    counts = torch.tensor([1, 2, 4])
    text[1:, 0], text[2:, 1] = text[0, 0], text[:2, 1]
    scores = matcher(video, text, counts)
    for index, count in enumerate(counts.tolist()):
        own = matcher(video, text[:count, index : index + 1], counts[index : index + 1])
        torch.testing.assert_close(own[:, 0, 0], scores[:, 0, index])


def test_cosines_are_those_of_every_sentence():
    video, text = features(3), features(4, 5)
    scores = build('CosineMatcher')(video, text)
    torch.testing.assert_close(scores, torch.einsum('bd,pcd->bpc', video, text))


def paths(steps, frames):
    """All monotone paths from the first to the last pair."""
    if (steps, frames) == (1, 1):
        return [[(0, 0)]]
    found = []
    for down, right in ((0, 1), (1, 0), (1, 1)):
        if steps > down and frames > right:
            ends = paths(steps - down, frames - right)
            found += [[*path, (steps - 1, frames - 1)] for path in ends]
    return found


@pytest.mark.parametrize('steps, frames', itertools.product(range(1, 5), range(1, 5)))
def test_the_best_of_all_paths(steps, frames):
    similarities = torch.rand(steps, frames, dtype=torch.double)
    best = max(paths(steps, frames), key=lambda path: sum(similarities[m, t] for m, t in path))
    expected = sum(similarities[m, t] for m, t in best) / len(best)
    count = torch.tensor(steps)
    torch.testing.assert_close(align(similarities, count), expected)
    torch.testing.assert_close(align(similarities, count, 1e-4), expected, rtol=0, atol=1e-2)


def test_reversal_and_a_single_sentence():
    video, text = features(2, 6), features(4, 3)
    counts = torch.full((3,), 4)
    matcher = build('SequenceMatcher')
    torch.testing.assert_close(
        matcher(video.flip(1), text.flip(0), counts), matcher(video, text, counts)
    )
    one = matcher(video, text[:1], torch.ones(3, dtype=torch.long))
    torch.testing.assert_close(one, torch.einsum('btd,pcd->bpc', video, text[:1]) / 6)


def test_a_soft_alignment_reaches_all_pairs():
    similarities = torch.rand(2, 3, 4, 5, requires_grad=True)
    align(similarities, torch.tensor([1, 3, 4]), 0.1).sum().backward()
    assert (similarities.grad[:, 2] != 0).all()


def test_transport_is_a_plan_with_equal_masses():
    """With equal similarities every plan gives them; with certain pairs it finds the pairs."""
    torch.testing.assert_close(transport(torch.full((4, 3), 0.3)), torch.tensor(0.3))
    pairs = 2 * torch.eye(4) - 1
    torch.testing.assert_close(transport(pairs, 0.05), torch.tensor(1.0), rtol=0, atol=1e-3)


@pytest.mark.parametrize(
    'config, words',
    [
        (dict(type='SequenceMatcher', smoothing=2), 'smoothing must be odd, got 2'),
        (dict(type='SequenceMatcher', gamma=0), 'gamma must be positive, got 0'),
        (dict(type='OptimalTransportMatcher', epsilon=0), 'epsilon must be positive'),
        (dict(type='OptimalTransportMatcher', stop='x'), "stop.*'x'"),
        (dict(type='ConceptMatcher', temperature=-1), 'temperature must be positive'),
    ],
)
def test_bad_values(config, words):
    with pytest.raises(ValueError, match=words):
        MODELS.build(config)


def test_classes_that_cannot_be_split_into_sets():
    with pytest.raises(ValueError, match='2 sets of the same number of sentences'):
        build('OptimalTransportMatcher')(features(1, 2), features(3, 2), torch.tensor([3, 3]))


STEPS = {'up': ['low', 'middle', 'high'], 'down': ['high', 'middle', 'low'], 'still': ['middle']}


def recognizer(arch, **head):
    encoder = dict(type='TextPromptLabelEncoder', labels=list(STEPS), templates=STEPS, arch=arch)
    return MODELS.build(
        dict(
            type='CLIPRecognizer',
            backbone=dict(type='CLIPImageEncoder', arch=arch),
            cls_head=dict(type='VideoTextHead', label_encoder=encoder, **head),
        )
    ).eval()


def test_a_head_compares_frames_with_the_steps_of_each_class(tiny_arch):
    model = recognizer(tiny_arch, matcher=dict(type='SequenceMatcher'))
    pixels = torch.randint(0, 255, (2, 1, 3, 4, 32, 32), dtype=torch.uint8)
    data = dict(inputs=[*pixels], data_samples=[ActionDataSample(), ActionDataSample()])
    samples = model.test_step(data)
    with torch.no_grad():
        inputs = model.data_preprocessor(dict(inputs=[*pixels], data_samples=None))['inputs']
        frames = F.normalize(model.backbone(inputs[:, 0]), dim=-1)  # [B, T, D]
        encoder = model.cls_head.label_encoder
        words = {w: F.normalize(encoder.text(encoder.tokenize([w])), dim=-1) for w in STEPS['up']}
        for sample, video in zip(samples, frames, strict=True):
            logits = [
                align(torch.cat([words[w] for w in steps]) @ video.T, torch.tensor(len(steps)))
                for steps in STEPS.values()
            ]
            expected = (100 * torch.stack(logits)).softmax(dim=0)
            torch.testing.assert_close(sample.pred_score, expected, rtol=0, atol=1e-5)
        inferencer = ActionCLIPInferencer(model, default_pipeline((32, 32), 4), device='cpu')
        video = pixels[0, 0].permute(1, 2, 3, 0).numpy()  # [T, H, W, 3]
        answer = inferencer(video)
        (sample,) = model.test_step(pseudo_collate([inferencer.read(Source('x', video)).data]))
        assert answer.scores == pytest.approx(sample.pred_score.tolist(), abs=1e-5)
        (window,) = inferencer.timeline(iter(video), window=1.0).windows
        assert window.scores == pytest.approx(answer.scores, abs=1e-5)


def test_what_a_head_refuses(tiny_arch, model_cfg):
    sequence = dict(type='SequenceMatcher')
    with pytest.raises(ValueError, match='SequenceMatcher needs no training'):
        recognizer(tiny_arch, matcher=sequence).cls_head.loss(torch.randn(2, 4, 32), [])
    with pytest.raises(ValueError, match="cls_head.ensemble must not be 'embed'"):
        recognizer(tiny_arch, matcher=sequence, ensemble='embed')
    with pytest.raises(ValueError, match='cls_head.matcher must be a matcher'):
        recognizer(tiny_arch, matcher=dict(type='MeanPPrompt', in_channels=32))
    model_cfg['cls_head']['matcher'] = sequence
    model = MODELS.build(model_cfg).eval()
    with pytest.raises(ValueError, match=r'takes \[B, T, 32\], got \(1, 32\): remove the neck'):
        model(torch.randn(1, 1, 3, 4, 32, 32), mode='tensor', stage='head')
