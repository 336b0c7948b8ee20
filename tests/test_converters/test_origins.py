"""What a converted config says of settings that weights do not carry."""

import pytest

from actionclip_mm.converters import SOURCES, Converted, Hints, splits_names
from actionclip_mm.converters.origins import origins
from actionclip_mm.converters.visual_prompt import VisualPrompt

MEAN = dict(type='MeanPPrompt', in_channels=512)
TRANSF = dict(
    type='TransfPrompt', in_channels=1024, num_layers=6, num_heads=8, num_positions=77,
    layer_norm_eps=1e-12,
)  # fmt: skip
TRANSF_CLS = dict(type='TransfClsPrompt', in_channels=512, num_frames=8, num_layers=6, num_heads=8)


def said_of(source, neck=MEAN, hints=None, frames=None, chose_frames=False, split_names=True):
    prompt = VisualPrompt(None, neck, frames, [])
    arch = 'RN50-quickgelu' if neck is TRANSF else 'ViT-B-16-quickgelu'
    converted = Converted(source, {}, arch, prompt, hints or Hints())
    return origins(converted, frames or 8, chose_frames, 'actionclip16', split_names)


@pytest.mark.parametrize('source', SOURCES)
def test_every_source_tells_of_every_setting(source):
    said = said_of(source)
    assert {'activation', 'tower heads', 'tower LayerNorm', 'pixel mean, std'} < set(said)
    assert {'resizing', 'frames', 'templates', 'class names', 'test scale'} < set(said)
    assert all(said.values()) and not any('None' in value for value in said.values())


def test_the_neck():
    said = said_of('actionclip', TRANSF)
    assert said['neck heads'] == '8 (text width // 64, as the released code)'
    assert said['neck LayerNorm'].startswith('eps 1e-12')
    assert said_of('actionclip', TRANSF, Hints(neck_heads=8))['neck heads'] == '8 (--neck-heads)'
    said = said_of('actionclip', TRANSF_CLS, frames=8)
    assert said['neck heads'] == '8 (the released code)'
    assert 'ReLU' in said['neck activation'] and '1e-05' in said['neck LayerNorm']
    assert 'rows of a position table' in said['frames']
    assert not any(name.startswith('neck') for name in said_of('openai'))


def test_pixels():
    assert (
        said_of('actionclip')['resizing']
        == 'bicubic, shortest, antialiased (released test, as CLIP)'
    )
    assert 'OpenCV' in said_of('mmaction2')['resizing']
    hints = Hints(interpolation='bilinear', resize_mode='squash', pixels_from='a.json')
    assert said_of('open_clip', hints=hints)['resizing'] == 'bilinear, squash, antialiased (a.json)'


def test_who_chose():
    assert 'assumed' in said_of('huggingface')['activation']
    assert 'file next to' in said_of('huggingface', hints=Hints(quick_gelu=True))['activation']
    assert "OpenAI's CLIP" in said_of('openai')['activation']
    assert '--frames' in said_of('openai', chose_frames=True)['frames']
    assert 'chosen here' in said_of('openai')['templates']
    assert 'the released code' in said_of('actionclip')['templates']
    names = said_of('actionclip', split_names=False)['class names']
    assert names == 'as the label file has them (the released code)'


@pytest.mark.parametrize('source', SOURCES)
def test_the_default_of_names(source):
    trained = source in ('actionclip', 'mmaction2')
    assert splits_names(source) is splits_names(source, ['ApplyEyeMakeup', 'YoYo']) is not trained
    assert splits_names(source, ['run', 'brush_hair'])
