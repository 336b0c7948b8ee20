"""Weights of any kind are converted, or refused in one sentence."""

import copy
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from torch import Tensor

from actionclip_mm.clip import build_clip
from actionclip_mm.clip.state_dict import read_content
from actionclip_mm.converters import (
    SOURCES,
    Hints,
    convert,
    detect_source,
    huggingface_config,
    open_clip,
)

FUZZ = settings(
    deadline=None,
    max_examples=5,
    phases=(Phase.generate,),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
CLIP = dict(
    embed_dim=64,
    quick_gelu=True,
    vision_cfg=dict(image_size=32, patch_size=16, width=64, layers=1, head_width=64),
    text_cfg=dict(context_length=8, vocab_size=16, width=64, heads=1, layers=1),
)


class Layouts(dict):
    """The content of a file of every layout; prints as its names, or a failure fills pages."""

    def __repr__(self) -> str:
        return f'Layouts({", ".join(self)})'


@pytest.fixture(scope='module')
def layouts() -> Layouts:
    """The content of a file of every layout."""
    model = build_clip(CLIP)
    two_towers = {name: value.detach() for name, value in model.state_dict().items()}
    state = SOURCES['open_clip'].to_recognizer(two_towers).state
    return Layouts({name: source.from_recognizer(state) for name, source in SOURCES.items()})


def test_the_layouts_are_whole(layouts: Layouts) -> None:
    for source, content in layouts.items():
        assert convert(content, source, HEADS).state


def damage(draw: Callable, state: dict) -> dict:
    """Names go, come, change, and tensors get other shapes."""
    state = dict(state)
    for _ in range(draw(st.integers(1, 3))):
        name = draw(st.sampled_from(sorted(state)))
        value = state[name]
        if isinstance(value, dict):
            state[name] = draw(st.sampled_from([damage(draw, value) if value else {}, None, []]))
            continue
        kind = draw(st.sampled_from(['drop', 'rename', 'extra', 'shape', 'flat', 'other']))
        if kind in ('drop', 'rename', 'other') and len(state) > 1:
            del state[name]
        if kind in ('rename', 'extra'):
            end = draw(st.sampled_from(['', '.x', '0', 'q_proj.weight', '.resblocks.7.a']))
            state[draw(st.sampled_from(sorted(layouts_words(name)))) + end] = value
        elif kind == 'shape':
            state[name] = torch.zeros(draw(st.lists(st.integers(0, 3), max_size=4)))
        elif kind == 'flat' and isinstance(value, Tensor):
            state[name] = value.flatten()[:-1] if value.dim() else value[None]
        elif kind == 'other':
            state[name] = draw(st.sampled_from([None, 'text', 3, [], {}]))
    return state


def layouts_words(name: str) -> set[str]:
    """Beginnings of a name."""
    words = name.split('.')
    return {'.'.join(words[:count]) for count in range(1, len(words) + 1)}


@pytest.mark.parametrize('source', SOURCES)
@pytest.mark.parametrize('allow_partial', [False, True])
@FUZZ
@given(data=st.data())
def test_any_names_and_shapes(
    source: str, allow_partial: bool, layouts: Layouts, data: st.DataObject
) -> None:
    content = damage(data.draw, layouts[source])
    try:
        found = detect_source(content, quick_gelu=True)
        convert(content, found, HEADS, allow_partial)
        convert(content, source, HEADS, allow_partial)
    except ValueError as error:
        assert '\n' not in str(error) and str(error).endswith('.')


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 99) | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=4,
)
HEADS = Hints(vision_heads=1, text_heads=1)
HUGGING_FACE = dict(hidden_act='gelu', layer_norm_eps=1e-6, num_attention_heads=1)
SIDECARS = {
    'open_clip': (
        open_clip.hints_of_config,
        dict(model_cfg=CLIP, preprocess_cfg=dict(mean=[0.5] * 3, std=[0.5] * 3)),
    ),
    'huggingface': (
        lambda config: huggingface_config.hints_of_config(config['config'], config['pixels']),
        dict(
            config=dict(
                model_type='clip',
                text_config=dict(HUGGING_FACE, eos_token_id=2, vocab_size=16),
                vision_config=dict(HUGGING_FACE, image_size=32),
            ),
            pixels=dict(
                image_mean=[0.5] * 3,
                image_std=[0.5] * 3,
                resample=3,
                rescale_factor=1 / 255,
                size=dict(shortest_edge=32),
                crop_size=dict(height=32, width=32),
            ),
        ),
    ),
}


def places(content: dict) -> list[tuple[dict, str]]:
    """Every value of a tree, by the object that holds it and its key."""
    found = []
    for key, value in content.items():
        found += [(content, key), *(places(value) if isinstance(value, dict) else [])]
    return found


@pytest.mark.parametrize('source', SIDECARS)
@settings(FUZZ, max_examples=40)
@given(data=st.data())
def test_any_config_beside_the_weights(source: str, layouts: Layouts, data: st.DataObject) -> None:
    read_hints, config = SIDECARS[source]
    config = copy.deepcopy(config)
    holder, key = data.draw(st.sampled_from(places(config)))
    holder[key] = data.draw(VALUES)
    try:
        convert(layouts[source], source, read_hints(config))
    except ValueError as error:
        assert '\n' not in str(error) and str(error).endswith('.')


@pytest.fixture(scope='module')
def whole_files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Written once: old files name storages by their addresses, so their length differs."""
    path = tmp_path_factory.mktemp('whole') / 'weights'
    content = {'a.weight': torch.ones(2, 3), 'b': torch.ones(1)}
    return {kind: write(path, content, kind) for kind in ('.pth', '.pt', '.safetensors')}


def write(path: Path, content: dict[str, Tensor], kind: str) -> bytes:
    if kind == '.safetensors':
        from safetensors.torch import save_file

        save_file(content, path)
    else:
        torch.save(content, path, _use_new_zipfile_serialization=kind == '.pth')
    return path.read_bytes()


@pytest.mark.parametrize('kind', ['.pth', '.pt', '.safetensors'])
@settings(FUZZ, max_examples=25)
@given(data=st.data())
@pytest.mark.filterwarnings('ignore')
def test_damaged_files(
    kind: str, whole_files: dict[str, bytes], tmp_path: Path, data: st.DataObject
) -> None:
    path = tmp_path / f'weights{".safetensors" if kind == ".safetensors" else ".pt"}'
    raw = bytearray(whole_files[kind])
    for _ in range(data.draw(st.integers(0, 3))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    if data.draw(st.booleans()):
        raw = raw[: data.draw(st.integers(0, len(raw)))]
    path.write_bytes(bytes(raw))
    try:
        read_content(str(path))
    except ValueError as error:
        assert '\n' not in str(error) and str(path) in str(error)


@FUZZ
@given(st.binary(max_size=200))
@pytest.mark.filterwarnings('ignore')
def test_files_of_any_bytes(tmp_path: Path, content: bytes) -> None:
    for name in ('weights.pt', 'weights.safetensors'):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ValueError, match=name) as error:
            read_content(str(tmp_path / name))
        assert '\n' not in str(error.value)
