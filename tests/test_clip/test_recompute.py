"""What is computed again instead of kept: same loss and gradients, less memory, clear refusals."""

import pytest
import torch
from mmaction.registry import MODELS
from mmaction.structures import ActionDataSample
from torch import nn

from actionclip_mm.clip import build_clip
from actionclip_mm.clip.recompute import checkpoint_blocks, in_micro_batches

LABELS = ['arm wrestling', 'brush hair', 'cleaning pool', 'dancing']
NUM_VIDEOS, NUM_FRAMES = 5, 4
# every visual prompt: inside the tower and behind it
PROMPTS = {
    'MeanP': (None, dict(type='MeanPPrompt')),
    'Conv1D': (None, dict(type='Conv1DPrompt')),
    'LSTM': (None, dict(type='LSTMPrompt')),
    'Transf': (None, dict(type='TransfPrompt', num_layers=2)),
    'Transf_cls': (None, dict(type='TransfClsPrompt', num_frames=NUM_FRAMES, dropout=0.0)),
    'Joint': (dict(type='JointPrompt', num_frames=NUM_FRAMES), dict(type='MeanPPrompt')),
    'Shift': (dict(type='ShiftPrompt'), dict(type='MeanPPrompt')),
}
OPTIONS = {
    'with_cp': dict(image=dict(with_cp=True), text=dict(with_cp=True)),
    'frame_chunk': dict(image=dict(frame_chunk=2 * NUM_FRAMES)),
    'micro_batch_size': dict(model=dict(micro_batch_size=2), text=dict(micro_batch_size=3)),
    'all': dict(
        model=dict(micro_batch_size=2),
        image=dict(with_cp=True, frame_chunk=NUM_FRAMES),
        text=dict(with_cp=True, micro_batch_size=3),
    ),
}

# one matrix product of a batch and several of its pieces round differently
TOLERANCE = dict(with_cp=1e-6, frame_chunk=1e-5, micro_batch_size=1e-5, all=1e-5)


def build(arch, prompt, model=None, image=None, text=None, **head):
    inside, neck = PROMPTS[prompt]
    neck = dict(neck, in_channels=32)
    if image and 'with_cp' in image and prompt == 'Transf':
        neck['with_cp'] = True
    encoder = dict(
        type='TextPromptLabelEncoder',
        labels=LABELS,
        templates=['{}', 'a video of {}'],
        arch=arch,
        **(text or {}),
    )
    torch.manual_seed(0)
    return MODELS.build(
        dict(
            type='CLIPRecognizer',
            backbone=dict(
                type='CLIPImageEncoder', arch=arch, visual_prompt=inside, **(image or {})
            ),
            neck=neck,
            cls_head=dict(type='VideoTextHead', in_channels=32, label_encoder=encoder, **head),
            **(model or {}),
        )
    ).train()


def step(model, labels=(0, 1, 2, 3, 0)):
    """Loss and gradients of fixed videos and templates."""
    torch.manual_seed(1)
    videos = torch.randn(len(labels), 1, 3, NUM_FRAMES, 32, 32)
    samples = [ActionDataSample().set_gt_label(torch.tensor(label)) for label in labels]
    loss = model(videos, samples, mode='loss')['loss_cls']
    loss.backward()
    gradients = {n: p.grad.clone() for n, p in model.named_parameters() if p.grad is not None}
    model.zero_grad()
    return loss.detach(), gradients


def assert_same(found, expected, tolerance=1e-6):
    assert found[0].item() == pytest.approx(expected[0].item(), abs=tolerance)
    assert found[1].keys() == expected[1].keys()
    for name, gradient in expected[1].items():
        difference = (found[1][name] - gradient).abs().max().item()
        assert difference < tolerance * max(1.0, gradient.abs().max().item()), name


def kept_bytes(model):
    """What autograd keeps for the backward pass beside the weights."""
    weights = {p.data_ptr() for p in model.parameters()}
    kept = {}

    def note(tensor):
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in weights:
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    videos = torch.randn(NUM_VIDEOS, 1, 3, NUM_FRAMES, 32, 32)
    samples = [ActionDataSample().set_gt_label(0) for _ in range(NUM_VIDEOS)]
    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        model(videos, samples, mode='loss')
    return sum(kept.values())


@pytest.mark.parametrize('option', OPTIONS)
@pytest.mark.parametrize('prompt', PROMPTS)
def test_exact_for_every_visual_prompt(tiny_arch, prompt, option):
    plain = build(tiny_arch, prompt)
    model = build(tiny_arch, prompt, **OPTIONS[option])
    expected = step(plain)
    assert_same(step(model), expected, TOLERANCE[option])
    assert {n for n, p in plain.named_parameters() if p.requires_grad} == expected[1].keys()
    videos = torch.randn(2, 1, 3, NUM_FRAMES, 32, 32)
    with torch.no_grad():
        found, wanted = (m.eval()(videos, stage='head') for m in (model, plain))
    torch.testing.assert_close(found, wanted, rtol=0, atol=1e-5)


@pytest.fixture
def tiny_arch(tiny_arch):
    """With short texts, of which this file encodes many."""
    tiny_arch['text_cfg']['context_length'] = 20
    return tiny_arch


@pytest.mark.parametrize('option', ['with_cp', 'all'])
@pytest.mark.parametrize('frozen', [1, 'all'])
def test_exact_with_frozen_stages(tiny_arch, option, frozen):
    options = {key: dict(value) for key, value in OPTIONS[option].items()}
    for part in ('image', 'text'):
        options.setdefault(part, {})['frozen_stages'] = frozen
    frozen = dict(frozen_stages=frozen)
    plain = build(tiny_arch, 'Joint', image=frozen, text=frozen)
    assert_same(step(build(tiny_arch, 'Joint', **options)), step(plain), TOLERANCE[option])


@pytest.mark.parametrize('per_class', [False, True])
@pytest.mark.parametrize('option', ['with_cp', 'micro_batch_size'])
def test_exact_with_learned_contexts(tiny_arch, option, per_class):
    text = dict(context=dict(type='LearnableContext', num_context=2, per_class=per_class))
    plain = build(tiny_arch, 'MeanP', text=text)
    options = dict(OPTIONS[option], text=text | OPTIONS[option]['text'])
    assert_same(step(build(tiny_arch, 'MeanP', **options)), step(plain), TOLERANCE[option])


@pytest.mark.parametrize('loss', ['VideoTextKLLoss', 'VideoAllTextKLLoss'])
def test_exact_with_sets_of_labels(tiny_arch, loss):
    sets = [(1, 0, 1, 0), (0, 1, 0, 0), (0, 0, 1, 1), (1, 0, 0, 0), (0, 0, 0, 1)]
    head = dict(multi_class=True, loss_cls=dict(type=loss))
    model = build(tiny_arch, 'Transf', **OPTIONS['micro_batch_size'], **head)
    assert_same(step(model, sets), step(build(tiny_arch, 'Transf', **head), sets), 1e-5)


def test_dropout_draws_the_same_in_both_passes(tiny_arch, monkeypatch):
    """Pieces with dropout have the gradients of the same pieces that are kept."""
    monkeypatch.setitem(
        PROMPTS, 'Transf_cls', (None, dict(type='TransfClsPrompt', num_frames=4, dropout=0.5))
    )
    model = build(tiny_arch, 'Transf_cls', **OPTIONS['micro_batch_size'])
    found = step(model)
    module = 'actionclip_mm.clip.recompute.checkpoint'
    monkeypatch.setattr(module, lambda encode, *args, use_reentrant: encode(*args))
    expected = step(model)
    assert_same(found, expected)
    monkeypatch.undo()
    assert (step(build(tiny_arch, 'Transf_cls'))[0] - expected[0]).abs() > 1e-4  # dropout acts


def test_what_is_kept(tiny_arch):
    tiny_arch['vision_cfg']['layers'] = 6
    kept = {
        name: kept_bytes(build(tiny_arch, 'Transf', **options))
        for name, options in dict(OPTIONS, nothing={}).items()
    }
    assert kept['frame_chunk'] == pytest.approx(kept['nothing'], rel=0.05)
    assert kept['with_cp'] < 0.35 * kept['nothing']
    assert kept['micro_batch_size'] < 0.1 * kept['nothing']


@pytest.mark.parametrize('name', ['EVA02-B-16', 'convnext_base', 'coca_ViT-B-32'])
def test_towers_of_other_libraries(shrunken_models, name):
    torch.manual_seed(0)
    tower = build_clip(name).visual.train().double()
    images = torch.randn(2, 3, *_pair(tower.image_size)).double()

    def gradients():
        tower.zero_grad()
        torch.manual_seed(0)  # convnext drops paths
        tower(images).square().sum().backward()
        return [p.grad.clone() for p in tower.parameters()]

    before, calls = gradients(), []
    checkpoint_blocks(tower, 'key')
    block = next(m for n, m in tower.named_modules() if n.endswith('blocks.0'))
    block.register_forward_pre_hook(lambda *args: calls.append(1))
    after = gradients()
    assert len(calls) == 2, 'the block was not computed again'
    for old, new in zip(before, after, strict=True):
        assert (new - old).abs().max() <= 1e-6 * max(1.0, old.abs().max().item())


def _pair(size):
    return size if isinstance(size, tuple) else (size, size)


@pytest.mark.parametrize(
    'name, words',
    [
        ('RN50', r'key would change what BatchNorm learns .* leave it out, or freeze'),
        ('MobileCLIP-S1', r'key would change what BatchNorm learns'),
    ],
)
def test_towers_that_cannot(shrunken_models, name, words):
    with pytest.raises(ValueError, match=words):
        checkpoint_blocks(build_clip(name).visual, 'key')


def test_an_unknown_tower():
    with pytest.raises(ValueError, match='blocks of a Linear cannot be recomputed: leave key out'):
        checkpoint_blocks(nn.Linear(2, 2), 'key')


def test_pieces_of_tuples():
    batch = torch.arange(5.0)[:, None]
    first, (second,) = in_micro_batches(lambda x, names: (x, (x * len(names),)), 2, batch, 'abcde')
    assert torch.equal(first, batch)
    assert second.flatten().tolist() == [0, 2, 4, 6, 4]


def test_bad_configs(tiny_arch, shrunken_models):
    for part, option in (
        ('model', 'micro_batch_size'), ('image', 'frame_chunk'), ('text', 'micro_batch_size')
    ):  # fmt: skip
        with pytest.raises(ValueError, match=f'{option} must be a positive integer, got 0'):
            build(tiny_arch, 'MeanP', **{part: {option: 0}})
    with pytest.raises(ValueError, match=r'frame_chunk must be a multiple of 4, .*got 6'):
        step(build(tiny_arch, 'Shift', image=dict(frame_chunk=6)))
    assert step(build(tiny_arch, 'MeanP', image=dict(frame_chunk=3)))[0].isfinite()
    for option in (dict(image=dict(frame_chunk=3)), dict(model=dict(micro_batch_size=3))):
        with pytest.raises(ValueError, match=r'would change what BatchNorm learns'):
            build('RN50', 'MeanP', **option)
        option.setdefault('image', {})['frozen_stages'] = 'all'
        build('RN50', 'MeanP', **option)


def test_a_neck_with_losses_of_its_own(tiny_arch):
    model = build(tiny_arch, 'MeanP', **OPTIONS['micro_batch_size'])
    forward = model.neck.forward
    model.neck.forward = lambda *args, **kwargs: (forward(*args)[0], dict(loss_aux=torch.ones(())))
    with pytest.raises(ValueError, match='None with MeanPPrompt, which has losses of its own'):
        step(model)
