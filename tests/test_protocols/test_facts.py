"""Facts come from the resolved config and the model, with the defaults of the classes."""

import re
import shutil
import subprocess
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from actionclip_mm.apis.building import build_trained
from actionclip_mm.evaluation import VideoScores, class_precision
from actionclip_mm.models.text import PRESETS
from actionclip_mm.protocols import facts as module
from actionclip_mm.protocols.configs import read_leaf
from actionclip_mm.protocols.facts import (
    class_results,
    model_facts,
    origin_facts,
    test_facts,
    text_facts,
    training_facts,
)

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


def test_accuracies_add_up_to_top1() -> None:
    rng = np.random.default_rng(0)
    scores = rng.random((50, 4)).astype(np.float32)
    labels = rng.integers(0, 3, 50)  # class 3 has no video
    found = VideoScores(
        tuple(map(str, range(50))), ('a', 'b', 'c', 'd'), scores, labels, np.zeros(50, bool)
    )
    measured = asdict(class_results(found))
    assert measured['metric'] == 'top-1 accuracy'
    rows = {row['name']: row for row in measured['classes']}
    assert rows['d'] == dict(name='d', videos=0, value=None)
    right = sum(row['videos'] * row['value'] for row in measured['classes'] if row['videos'])
    assert right == pytest.approx((scores.argmax(1) == labels).sum())


def test_average_precisions_are_those_of_charades() -> None:
    rng = np.random.default_rng(0)
    scores, truth = rng.random((20, 3)).astype(np.float32), rng.random((20, 3)) < 0.4
    truth[:, 2] = False
    failed = np.zeros(20, bool)
    failed[3] = True
    found = VideoScores(tuple(map(str, range(20))), ('a', 'b', 'c'), scores, truth, failed)
    measured = asdict(class_results(found))
    expected = class_precision(np.where(failed[:, None], -np.inf, scores), truth)
    values = [row['value'] for row in measured['classes']]
    assert values == [*map(float, expected.values[:2]), None]
    assert [row['videos'] for row in measured['classes']] == truth.sum(0).tolist()


@pytest.mark.skipif(shutil.which('git') is None, reason='git is not installed')
def test_the_commit_is_that_of_a_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def commit() -> str | None:
        return origin_facts(0.0, 1, 'x').git_commit

    def git(*arguments: str) -> None:
        who = ('-c', 'user.name=a', '-c', 'user.email=a@b')
        subprocess.run(['git', '-C', tmp_path, *who, *arguments], check=True, capture_output=True)

    monkeypatch.setattr(module, 'PACKAGE', tmp_path)
    assert commit() is None
    (tmp_path / 'project.py').write_text('1')
    for arguments in (('init',), ('add', 'project.py'), ('commit', '-m', 'x'), ('tag', 'v1')):
        git(*arguments)
    (tmp_path / 'version.py').write_text('1')
    assert commit() is None, 'a package installed inside the repository of another project'
    git('add', 'version.py')
    git('commit', '-m', 'y')
    found = commit()
    assert found is not None and re.fullmatch('[0-9a-f]{40}', found)
    (tmp_path / 'version.py').write_text('2')
    assert commit() == f'{found}-dirty'
