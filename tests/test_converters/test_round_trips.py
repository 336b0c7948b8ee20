"""Key maps lose nothing: our names -> a source's names -> our names, and the other way round."""

import pytest
import torch
from mmaction.registry import MODELS

from actionclip_mm.clip import build_clip
from actionclip_mm.converters import SOURCES
from actionclip_mm.converters.renaming import NECK, SCALE, TEXT, TIME_EMBEDDING, VISUAL

CARRIES_NECK = ('actionclip', 'mmaction2')


@pytest.fixture
def towers(arch):
    """A recognizer's weights without a visual prompt."""
    clip = build_clip(arch)
    state = {SCALE: clip.logit_scale.detach()}
    for prefix, tower in ((VISUAL, clip.visual), (TEXT, clip.text)):
        state |= {prefix + name: torch.randn_like(v) for name, v in tower.state_dict().items()}
    return state


@pytest.fixture
def neck():
    prompt = MODELS.build(dict(type='TransfPrompt', in_channels=64, num_layers=2))
    return {NECK + name: torch.randn_like(v) for name, v in prompt.state_dict().items()}


def assert_equal(a, b):
    assert a.keys() == b.keys()
    for name, value in a.items():
        assert torch.equal(value, b[name]), name


@pytest.mark.parametrize('source', SOURCES)
def test_there_and_back(source, towers, neck):
    state = towers | (neck if source in CARRIES_NECK else {})
    theirs = SOURCES[source].from_recognizer(state)
    mapped = SOURCES[source].to_recognizer(theirs)
    assert_equal(mapped.state, state)
    assert not mapped.unknown and not mapped.unused
    again = SOURCES[source].from_recognizer(mapped.state)
    assert again.keys() == theirs.keys()
    nested = [key for key in theirs if isinstance(theirs[key], dict)]
    for key in nested:
        assert_equal(again.pop(key), theirs.pop(key))
    assert_equal(again, theirs)


def test_joint_goes_both_ways(towers):
    source = SOURCES['actionclip']
    state = towers | {TIME_EMBEDDING: torch.randn(4, 128)}
    theirs = source.from_recognizer(state)
    assert 'visual.time_embedding' in theirs['model_state_dict']
    assert_equal(source.to_recognizer(theirs).state, state)


@pytest.mark.parametrize('source', SOURCES)
def test_what_has_no_place_is_refused(source, towers):
    with pytest.raises(ValueError, match='no place for cls_head.projection.weight'):
        SOURCES[source].from_recognizer(towers | {'cls_head.projection.weight': torch.ones(2, 2)})
    if source not in CARRIES_NECK:
        with pytest.raises(ValueError, match='no place for neck.shift.weight'):
            SOURCES[source].from_recognizer(towers | {'neck.shift.weight': torch.ones(2, 1, 3)})


@pytest.mark.parametrize('source', SOURCES)
def test_only_its_own_layout_matches(source, towers):
    """Without OpenAI's constants its layout is nobody's: open_clip shares it."""
    theirs = SOURCES[source].from_recognizer(towers)
    found = {name for name, other in SOURCES.items() if other.matches(theirs)}
    assert found == ({source} if source != 'openai' else set())
