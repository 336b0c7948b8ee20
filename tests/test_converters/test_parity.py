"""A tiny model in each source's layout gives the same features once it is converted."""

import mmaction.models  # noqa: F401  registers the host's adapter
import pytest
import torch
from mmaction.models.similarity import TransformerAdapter
from mmaction.registry import MODELS

from actionclip_mm.converters import SOURCES, Hints, convert

EXACT = dict(rtol=1e-5, atol=1e-5)
CONSTANTS = dict(
    input_resolution=torch.tensor(32), context_length=torch.tensor(77), vocab_size=torch.tensor(512)
)
RELEASED = {
    'Conv1D': dict(type='Conv1DPrompt', in_channels=64),
    'LSTM': dict(type='LSTMPrompt', in_channels=64),
    # text width 128 // 64 heads, although the features have 64 channels
    'Transf': dict(type='TransfPrompt', in_channels=64, num_layers=3, num_heads=2),
    'Transf_cls': dict(type='TransfClsPrompt', in_channels=64, num_frames=3, num_layers=2),
}


@pytest.fixture
def reference(clip, images, tokens):
    """Frame features [2, 3, D] and text features [2, D] of the model before conversion."""
    with torch.no_grad():
        return clip.encode_image(images).unflatten(0, (2, 3)), clip.encode_text(tokens)


def assert_same(found, reference, video=None):
    frames, text = reference
    torch.testing.assert_close(found[0], frames, **EXACT)
    torch.testing.assert_close(found[1], frames.mean(1) if video is None else video, **EXACT)
    torch.testing.assert_close(found[2], text, **EXACT)


@pytest.mark.parametrize('with_constants', [True, False])
def test_openai(clip, features, reference, with_constants):
    state = clip.state_dict() | (CONSTANTS if with_constants else {})
    converted = convert(state, 'auto' if with_constants else 'openai')
    assert converted.source == 'openai' and converted.arch['quick_gelu'] is True
    assert sorted(converted.unused) == (sorted(CONSTANTS) if with_constants else [])
    assert_same(features(converted), reference)


@pytest.mark.parametrize('two_towers', [True, False])
@pytest.mark.parametrize('wrap', [True, False])
def test_open_clip(arch, clip, features, reference, two_towers, wrap):
    state = clip.state_dict()
    if two_towers:
        top = ('visual.', 'logit_scale')
        state = {n if n.startswith(top) else f'text.{n}': value for n, value in state.items()}
    if wrap:
        state = dict(state_dict={f'module.{n}': v for n, v in state.items()}, epoch=3)
    converted = convert(state, hints=Hints(quick_gelu=True, vision_heads=2, text_heads=2))
    assert converted.source == 'open_clip' and converted.arch == arch
    assert converted.unused == (['epoch'] if wrap else [])
    assert_same(features(converted), reference)


def test_the_activation_of_open_clip_is_gelu_unless_said_otherwise(clip):
    heads = Hints(vision_heads=2, text_heads=2)
    converted = convert(clip.state_dict(), 'open_clip', heads)
    assert converted.arch['quick_gelu'] is False
    assert 'gelu is assumed' in converted.notes[0]


@pytest.mark.parametrize('spelling', ['project', 'host'])
def test_mmaction2(clip, features, reference, spelling):
    adapter = TransformerAdapter(
        num_segs=3, transformer_width=64, transformer_heads=2, transformer_layers=2
    )
    adapter.init_weights()
    torch.nn.init.normal_(adapter.transformer.resblocks[0].ln_1.bias)
    state = {f'clip.{name}': value for name, value in clip.state_dict().items()}
    state |= {f'adapter.{name}': value for name, value in adapter.state_dict().items()}
    if spelling == 'project':
        table = state.pop('adapter.positional_embedding')
        state['adapter.frame_position_embeddings.weight'] = table
    converted = convert(dict(meta=dict(epoch=50), state_dict=state, message_hub={}))
    assert converted.source == 'mmaction2' and converted.unused == ['meta', 'message_hub']
    assert converted.prompt.num_frames == 3
    assert converted.prompt.neck == dict(
        type='TransfPrompt', in_channels=64, num_layers=2, num_heads=2, num_positions=3,
        layer_norm_eps=1e-5,
    )  # fmt: skip
    # only the host's class takes another number of heads from its config
    assert [('--neck-heads' in note) for note in converted.notes] == [True] * (spelling == 'host')
    with torch.no_grad():
        assert_same(features(converted), reference, adapter.eval()(reference[0]))


def test_mmaction2_without_weights_in_the_adapter(clip, features, reference):
    state = {f'clip.{name}': value for name, value in clip.state_dict().items()}
    assert_same(features(convert(dict(state_dict=state))), reference)


@pytest.mark.parametrize('prefix', ['', 'module.'])
@pytest.mark.parametrize('prompt', RELEASED)
def test_released(clip, features, reference, prompt, prefix):
    neck = MODELS.build(RELEASED[prompt]).eval()
    fusion = {prefix + name: value for name, value in neck.state_dict().items()}
    if prompt != 'Transf':  # a table that the released code saves whatever the prompt is
        fusion[f'{prefix}frame_position_embeddings.weight'] = torch.randn(77, 64)
    model = {prefix + name: value for name, value in clip.state_dict().items()}
    content = dict(epoch=9, model_state_dict=model, fusion_model_state_dict=fusion)
    converted = convert(content)
    assert converted.source == 'actionclip'
    assert [('along time' in note) for note in converted.notes] == [True] * (prompt == 'Conv1D')
    assert converted.prompt.neck.items() >= RELEASED[prompt].items()
    assert converted.prompt.num_frames == (3 if prompt == 'Transf_cls' else None)
    with torch.no_grad():
        assert_same(features(converted), reference, neck(reference[0])[0])


def test_released_prompts_inside_the_tower(clip):
    model = clip.state_dict()
    content = dict(model_state_dict=model, fusion_model_state_dict={})
    assert 'MeanP is assumed' in convert(content).notes[0]
    joint = dict(model, **{'visual.time_embedding': torch.randn(4, 128)})
    converted = convert(dict(content, model_state_dict=joint))
    assert converted.prompt.inside == dict(type='JointPrompt', num_frames=4)
    assert converted.prompt.num_frames == 4 and not converted.notes
    wrapped = {
        name.replace('resblocks.0.', 'resblocks.0.net.')
        .replace('resblocks.1.', 'resblocks.1.net.') if name.startswith('visual.') else name: value
        for name, value in model.items()
    }  # fmt: skip
    converted = convert(dict(content, model_state_dict=wrapped))
    assert converted.prompt.inside == dict(type='ShiftPrompt') and not converted.notes


def test_every_source_is_tested():
    tested = {'openai', 'open_clip', 'mmaction2', 'actionclip'}
    tested.add('huggingface')  # by test_tools/test_foreign_weights.py
    assert set(SOURCES) == tested
