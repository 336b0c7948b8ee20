"""Facts come from the resolved config and the model, with the defaults of the classes."""

from pathlib import Path

import pytest

from actionclip_mm.apis.building import build_trained
from actionclip_mm.models.text import PRESETS
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
    assert facts.pooling == 'TransfPrompt' and facts.visual_prompt is None
    assert facts.test_scale == 100.0 and facts.options == {'a': [1, 2]}
    assert facts.mean == pytest.approx([122.77, 116.75, 104.09], abs=0.01)  # CLIP's
    text = text_facts(leaf, model)
    assert text.templates == list(leaf.model.cls_head.label_encoder.templates)
    assert text.num_templates == 4 and text.ensemble == 'prob' and text.split_names is True
    assert text.context is False
    leaf.model.cls_head.ensemble = 'embed'
    assert text_facts(leaf, model).ensemble == 'embed'
    assert model_facts(leaf, model, 'x.py', {}).config_sha256 != facts.config_sha256


def test_a_file_of_templates_is_quoted(leaf, tmp_path: Path) -> None:
    (tmp_path / 'templates.txt').write_text('{}\na film of {}\n')
    leaf.model.cls_head.label_encoder.templates = str(tmp_path / 'templates.txt')
    text = text_facts(leaf, build_trained(leaf, None))
    assert text.templates == ['{}', 'a film of {}'] and text.num_templates == 2


def test_a_preset_of_templates_is_quoted(leaf) -> None:
    leaf.model.cls_head.label_encoder.templates = 'prefix'
    text = text_facts(leaf, build_trained(leaf, None))
    assert text.templates == list(PRESETS['prefix'])


@pytest.mark.parametrize(
    ('head', 'scores'),
    [
        ({}, 'softmax'),
        (dict(multi_class=True), 'similarity'),
        (dict(multi_class=True, scores='softmax'), 'softmax'),
        (
            dict(loss_cls=dict(type='VideoTextBCELoss'), scores='sigmoid', test_scale=None),
            'sigmoid',
        ),
    ],
)
def test_scores_are_those_of_the_head(leaf, head: dict, scores: str) -> None:
    for key, value in head.items():  # `update` would merge the losses
        leaf.model.cls_head[key] = value
    assert test_facts(leaf, build_trained(leaf, None)).scores == scores


@pytest.mark.parametrize(
    ('average_clips', 'scores'), [('prob', 'softmax'), ('score', None), (None, None)]
)
def test_scores_of_heads_of_mmaction2(leaf, average_clips: str | None, scores: str | None) -> None:
    leaf.model.cls_head = dict(
        type='TimeSformerHead', num_classes=3, in_channels=128, average_clips=average_clips
    )
    facts = test_facts(leaf, build_trained(leaf, None))
    assert (facts.average_clips, facts.scores) == (average_clips, scores)


def test_clips_of_2d_models_are_frames(leaf) -> None:
    """TSN's way to sample: eight clips of one frame, which the head averages."""
    model = build_trained(leaf, None)
    steps = leaf.test_dataloader.dataset.pipeline
    (sample,) = (step for step in steps if 'clip_len' in step)
    sample.update(type='SampleFrames', clip_len=1, frame_interval=1, num_clips=8)
    facts = test_facts(leaf, model)
    assert (facts.frames, facts.clips, facts.crops) == (1, 8, 3)
    (layout,) = (step for step in steps if step['type'] == 'FormatShape')
    layout.input_format = 'NCHW'
    facts = test_facts(leaf, model)
    assert (facts.frames, facts.clips, facts.crops) == (8, 1, 3)


def test_facts_of_a_test(leaf) -> None:
    facts = test_facts(leaf, build_trained(leaf, None))
    assert (facts.frames, facts.clips, facts.crops) == (8, 10, 3)
    assert facts.average_clips == 'score' and facts.modality == 'video files'
    assert facts.crop == (dict(type='ThreeCrop', crop_size=40),)
    assert facts.sampling['type'] == 'SegmentCentreSample'
    leaf.model.cls_head.pop('average_clips')
    model = build_trained(leaf, None)
    assert test_facts(leaf, model).average_clips == 'prob'  # the default of the head
    model.cls_head.average_clips = None  # that of mmaction2's heads
    assert test_facts(leaf, model).average_clips is None
    leaf.test_dataloader.dataset.pipeline = []
    with pytest.raises(ValueError, match='no step with clip_len'):
        test_facts(leaf, model)


def test_facts_of_a_training(leaf) -> None:
    facts = training_facts(leaf, 'CLIP', 'a draw', 2)
    assert facts.epochs == 8 and facts.batch_size == 32 and facts.drop_last is True
    assert facts.optimizer['lr'] == 4e-4 and facts.processes == 2
