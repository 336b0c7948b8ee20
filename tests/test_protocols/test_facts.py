"""Facts come from the resolved config and the model, with the defaults of the classes."""

from pathlib import Path

import pytest

from actionclip_mm.apis.building import build_trained
from actionclip_mm.protocols.derive import read_leaf
from actionclip_mm.protocols.facts import model_facts, test_facts, text_facts, training_facts

test_facts.__test__ = False  # no test, but what is tested

CONFIGS = Path(__file__).resolve().parents[2] / 'configs'


@pytest.fixture
def leaf(monkeypatch: pytest.MonkeyPatch):
    """The mini leaf, whose files are found from everywhere, with three labels."""
    monkeypatch.chdir(CONFIGS.parent)
    leaf = read_leaf(CONFIGS / 'mini' / 'actionclip_mini_transf_10x3.py')
    leaf.model.cls_head.label_encoder.labels = ['sit', 'stand', 'run']
    return leaf


def test_facts_of_a_model(leaf) -> None:
    model = build_trained(leaf, None)
    facts = model_facts(leaf, model, 'x.py', {'a': (1, 2)})
    assert facts['pooling'] == 'TransfPrompt' and facts['visual_prompt'] is None
    assert facts['test_scale'] == 100.0 and facts['options'] == {'a': [1, 2]}
    assert facts['mean'] == pytest.approx([122.77, 116.75, 104.09], abs=0.01)  # CLIP's
    text = text_facts(leaf, model)
    assert text['num_templates'] == 4 and text['ensemble'] == 'prob' and text['split_names']
    leaf.model.cls_head.ensemble = 'embed'
    assert text_facts(leaf, model)['ensemble'] == 'embed'
    assert model_facts(leaf, model, 'x.py', {})['config_sha256'] != facts['config_sha256']


def test_a_file_of_templates_is_quoted(leaf, tmp_path: Path) -> None:
    (tmp_path / 'templates.txt').write_text('{}\na film of {}\n')
    leaf.model.cls_head.label_encoder.templates = str(tmp_path / 'templates.txt')
    text = text_facts(leaf, build_trained(leaf, None))
    assert text['templates'] == ['{}', 'a film of {}'] and text['num_templates'] == 2


def test_facts_of_a_test(leaf) -> None:
    facts = test_facts(leaf, build_trained(leaf, None))
    assert (facts['frames'], facts['clips'], facts['crops']) == (8, 10, 3)
    assert facts['average_clips'] == 'score' and facts['modality'] == 'video files'
    assert facts['crop'] == [dict(type='ThreeCrop', crop_size=40)]
    assert facts['sampling']['type'] == 'SegmentCentreSample'
    leaf.model.cls_head.pop('average_clips')
    model = build_trained(leaf, None)
    assert test_facts(leaf, model)['average_clips'] == 'prob'  # the default of the head
    model.cls_head.average_clips = None  # that of mmaction2's heads
    assert test_facts(leaf, model)['average_clips'] is None
    leaf.test_dataloader.dataset.pipeline = []
    with pytest.raises(ValueError, match='no step with clip_len'):
        test_facts(leaf, model)


def test_facts_of_a_training(leaf) -> None:
    facts = training_facts(leaf, 'CLIP', 'a draw', 2)
    assert facts['epochs'] == 8 and facts['batch_size'] == 32 and facts['drop_last'] is True
    assert facts['optimizer']['lr'] == 4e-4 and facts['processes'] == 2
