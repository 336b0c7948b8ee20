"""Golden: agreement with what the released code computes on a tiny random model (fp32, CPU)."""

import json

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from mmaction.registry import MODELS
from mmaction.structures import ActionDataSample

pytestmark = pytest.mark.parity

ARCH = dict(
    embed_dim=64,
    quick_gelu=True,
    vision_cfg=dict(image_size=32, patch_size=16, width=128, layers=2),
    text_cfg=dict(context_length=77, vocab_size=512, width=64, heads=1, layers=2),
)
TOLERANCE = dict(rtol=1e-5, atol=1e-5)
MEAN = dict(type='MeanPPrompt', in_channels=64)
# visual prompt -> (prompt inside the tower, neck)
PROMPTS = {
    'Joint': (dict(type='JointPrompt', num_frames=4), MEAN),
    'Shift': (dict(type='ShiftPrompt'), MEAN),
    'MeanP': (None, MEAN),
    'Conv1D': (None, dict(type='Conv1DPrompt', in_channels=64)),
    'LSTM': (None, dict(type='LSTMPrompt', in_channels=64)),
    'Transf': (None, dict(type='TransfPrompt', in_channels=64)),
    'Transf_cls': (None, dict(type='TransfClsPrompt', in_channels=64, num_frames=4)),
}

# Names of the released code -> names of ours.
GRADIENTS = {
    'visual.proj': 'backbone.visual.proj',
    'visual.conv1.weight': 'backbone.visual.conv1.weight',
    'text_projection': 'cls_head.label_encoder.text.text_projection',
    'logit_scale': 'cls_head.logit_scale',
    'token_embedding.weight': 'cls_head.label_encoder.text.token_embedding.weight',
}


@pytest.fixture(scope='module')
def folder(golden):
    return golden('official_parity')


@pytest.fixture(scope='module')
def load_npz(folder):
    """Function: the tensors of an ``.npz`` of the fixture."""
    return lambda name: {k: torch.from_numpy(v) for k, v in np.load(folder / name).items()}


@pytest.fixture(scope='module')
def scalars(folder):
    """Losses and gradient norms by visual prompt."""
    return json.loads((folder / 'expected.json').read_text())['scalars']


def no_tokens(sentences):
    """The fixture has 512 tokens and brings its own sentences, so these are only end-of-text."""
    return torch.full((len(sentences), 77), 511)


def build_model(folder, prompt, target):
    clip = str(folder / 'clip_tiny.pt')
    inside, neck = PROMPTS[prompt]
    model = MODELS.build(
        dict(
            type='CLIPRecognizer',
            backbone=dict(
                type='CLIPImageEncoder', arch=ARCH, pretrained=clip, visual_prompt=inside
            ),
            neck=neck,
            cls_head=dict(
                type='VideoTextHead',
                in_channels=64,
                label_encoder=dict(
                    type='TextPromptLabelEncoder',
                    labels=[f'class {i}' for i in range(5)],
                    templates=['{}', 'a {}', 'the {}'],
                    arch=ARCH,
                    pretrained=clip,
                    tokenizer=no_tokens,
                ),
                loss_cls=dict(type='VideoTextKLLoss', target=target),
            ),
        )
    )
    state = folder / f'fusion_{prompt}.pt'
    if state.is_file():
        model.neck.load_state_dict(torch.load(state, weights_only=True), strict=True)
    if prompt == 'Joint':
        state = torch.load(folder / 'joint_time_embedding.pt', weights_only=True)
        model.backbone.visual_prompt.load_state_dict(
            {name.removeprefix('visual.'): value for name, value in state.items()}
        )
    return model.eval()


@pytest.fixture
def build(folder):
    """Function: the recognizer of a visual prompt with the fixture's weights."""
    return lambda prompt, target='softmax': build_model(folder, prompt, target)


@pytest.fixture
def inputs(load_npz):
    return load_npz('inputs.npz')


@pytest.fixture(params=PROMPTS)
def prompt(request):
    return request.param


def video_input(inputs):
    return inputs['video'].transpose(1, 2)  # [N, 3, T, H, W]


def with_batch_texts(model, inputs):
    """Lets the head meet the fixture's own sentences, one per video."""
    labels = inputs['labels']
    model.cls_head.training_texts = lambda samples: (inputs['tokens'], labels, labels)
    return model


def test_features_and_logits(prompt, inputs, build, load_npz, record_property):
    model, expected = build(prompt), load_npz(f'expected_{prompt}.npz')
    frames = model.backbone(video_input(inputs))
    video, _ = model.neck(frames)
    text = model.cls_head.label_encoder.encode_tokens(inputs['tokens'])
    logits = (
        model.cls_head.logit_scale.exp()
        * F.normalize(video, dim=-1)
        @ F.normalize(text, dim=-1).t()
    )
    for key, found in (
        ('frame_features', frames),
        ('video_features', video),
        ('text_features', text),
        ('logits_per_video', logits),
    ):
        difference = (found - expected[key]).abs().max().item()
        record_property('agreement', (prompt, key, difference))
        torch.testing.assert_close(found, expected[key], **TOLERANCE)


def test_class_probabilities(prompt, inputs, build, load_npz, record_property):
    model, expected = build(prompt), load_npz(f'expected_{prompt}.npz')
    model.cls_head.label_encoder.tokens = inputs['class_tokens'].unflatten(0, (3, 5))
    samples = [ActionDataSample() for _ in range(3)]
    with torch.no_grad():
        predictions = model.predict(video_input(inputs).unsqueeze(1), samples)
    scores = torch.stack([sample.pred_score for sample in predictions])
    difference = (scores - expected['class_probs']).abs().max().item()
    record_property('agreement', (prompt, 'class_probs', difference))
    torch.testing.assert_close(scores, expected['class_probs'], **TOLERANCE)


@pytest.mark.parametrize('target, key', [('softmax', 'loss'), ('normalized', 'loss_paper_target')])
def test_losses(prompt, inputs, build, scalars, target, key, record_property):
    expected = scalars[prompt]
    model = with_batch_texts(build(prompt, target), inputs)
    loss = model.loss(video_input(inputs).unsqueeze(1), [])['loss_cls']
    record_property('agreement', (prompt, key, abs(loss.item() - expected[key])))
    assert loss.item() == pytest.approx(expected[key], abs=1e-5)


def test_each_direction(prompt, inputs, build, scalars):
    expected = scalars[prompt]
    model = build(prompt)
    video, _ = model.neck(model.backbone(video_input(inputs)))
    text = model.cls_head.label_encoder.encode_tokens(inputs['tokens'])
    video, text = F.normalize(video, dim=-1), F.normalize(text, dim=-1)
    labels, scale = inputs['labels'], model.cls_head.logit_scale.exp()
    to_text, to_video = model.cls_head.loss_cls.row_losses(video, text, scale, labels, labels)
    assert to_text.mean().item() == pytest.approx(expected['loss_v2t'], abs=1e-5)
    assert to_video.mean().item() == pytest.approx(expected['loss_t2v'], abs=1e-5)


def test_gradient_norms(prompt, inputs, build, scalars, record_property):
    expected = scalars[prompt]
    model = with_batch_texts(build(prompt), inputs)
    model.loss(video_input(inputs).unsqueeze(1), [])['loss_cls'].backward()
    norms = {
        theirs: model.get_parameter(ours).grad.norm().item() for theirs, ours in GRADIENTS.items()
    }
    for name, norm in norms.items():
        difference = abs(norm / expected['grad_norms'][name] - 1)
        record_property('agreement', (prompt, 'gradient norms (relative)', difference))
    assert norms == pytest.approx(expected['grad_norms'], rel=1e-5)
