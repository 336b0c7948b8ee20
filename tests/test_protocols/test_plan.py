"""What is wrong with a request is said before anything is trained or tested, in one sentence."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from actionclip_mm.protocols.plan import make_plan
from actionclip_mm.protocols.request import Request

CONFIGS = Path(__file__).resolve().parents[2] / 'configs'


@pytest.fixture
def leaf(tmp_path: Path, write_leaf: Callable) -> Path:
    """A leaf config of a tiny model in the shape of the shipped ones."""
    return write_leaf(tmp_path / 'tiny.py', 'ucf101', 'few_shot')


@pytest.fixture
def checkpoint(leaf: Path, tmp_path: Path, save_model: Callable) -> Path:
    return save_model(leaf, tmp_path / 'model.pth')


@pytest.fixture
def plan(make_ucf101: Callable, leaf: Path) -> Callable:
    """Function: the plan of a request on a synthetic UCF101."""
    root = make_ucf101(train=16)
    return lambda name, **wishes: make_plan(
        Request(name, **(dict(config=leaf, data_root=root) | wishes)), CONFIGS
    )


def test_zero_shot(plan: Callable, checkpoint: Path) -> None:
    made = plan('zero_shot_ucf101_z3', checkpoints=[checkpoint])
    assert [job.run.name for job in made.jobs] == ['split1', 'split2', 'split3']
    assert all(job.train is None and job.training_seed is None for job in made.jobs)
    assert made.differences[:2] == [
        'split1 test: the 5 classes are not the published ones.',
        'split1 test: the 10 videos are not those of a published list (3,783 videos; ViFi-CLIP, '
        'datasets_splits/ucf_splits/val1.txt; Text4Vis has the same).',
    ]
    assert made.model.config == 'tiny.py' and made.test.crops == 1
    # the leaf keeps its own classes: what is run is derived from it
    assert made.leaf.model.cls_head.label_encoder.labels == ['x', 'y']


def test_a_config_that_only_tests(plan: Callable, checkpoint: Path, leaf: Path) -> None:
    path = leaf.with_name('converted.py')  # as to_actionclip.py writes it
    path.write_text(f"_base_ = '{leaf}'\ntrain_dataloader = train_cfg = optim_wrapper = None\n")
    made = plan('zero_shot_ucf101_zf', config=path, checkpoints=[checkpoint])
    assert made.model.config == 'converted.py'
    made = plan('few_shot_ucf101_k2', config=path, checkpoints=[checkpoint], test_only=True)
    assert made.jobs[0].train is None
    with pytest.raises(ValueError, match='lacks train_dataloader'):
        plan('few_shot_ucf101_k2', config=path, checkpoints=[checkpoint])


def test_few_shot_from_clip_and_from_a_checkpoint(plan: Callable, checkpoint: Path) -> None:
    (job,) = plan('few_shot_ucf101_k2').jobs
    assert job.checkpoint is None and job.training_seed == 1 and len(job.train.lines) == 10
    made = plan('few_shot_ucf101_k2', checkpoints=[checkpoint], seeds=[4, 5], seed=9)
    assert [job.run.seed for job in made.jobs] == [4, 5]
    assert [job.training_seed for job in made.jobs] == [9, 9]
    assert made.draws == (
        'independent draw of 2 per class, seed 4; independent draw of 2 per class, seed 5'
    )
    made = plan('few_shot_ucf101_k2', checkpoints=[checkpoint], test_only=True)
    assert made.jobs[0].train is None and 'Nothing was trained' in made.differences[-1]


def test_templates_and_views(plan: Callable, checkpoint: Path) -> None:
    made = plan('zero_shot_ucf101_zf', checkpoints=[checkpoint], templates='label_only')
    assert made.text.num_templates == 1 and made.text.templates == ['{}']
    made = plan('ucf101_10x3', checkpoints=[checkpoint], test_only=True)
    assert (made.test.clips, made.test.crops) == (10, 3)
    assert made.test.average_clips == 'score'


@pytest.mark.parametrize(
    ('name', 'wishes', 'words'),
    [
        ('zero_shot_ucf101_z3', {}, 'tests a trained model: pass it with --checkpoint'),
        ('zero_shot_ucf101_z3', dict(seeds=[1]), 'has fixed runs'),
        ('zero_shot_ucf101_z3', dict(test_only=True), 'omit --test-only'),
        ('zero_shot_ucf101_z3', dict(seed=1), 'does not train: omit --seed'),
        (
            'zero_shot_ucf101_z3',
            dict(checkpoints=['none.pth']),
            "--checkpoint 'none.pth' does not exist",
        ),
        ('zero_shot_ucf101_z3', dict(checkpoints=['a', 'b']), 'has 2 files for 3 runs'),
        ('few_shot_ucf101_k2', dict(test_only=True), 'tests a trained model'),
        ('few_shot_ucf101_k2', dict(base_labels='x'), 'has no base classes'),
        ('few_shot_ucf101_k2', dict(train_lists=['x'], nested=True), 'none are drawn here'),
        (
            'few_shot_ucf101_k2',
            dict(train_lists=['none.txt']),
            "--train-list 'none.txt' does not exist",
        ),
        ('few_shot_ucf101_k2', dict(templates='none'), "templates='none' is neither a preset"),
        ('few_shot_ucf101_k2', dict(config='none.py'), "--config 'none.py' does not exist"),
        ('few_shot_ucf101_k2', dict(data_root='none'), 'actionclip prepare ucf101'),
        ('few_shot_ucf101_k2', dict(options={'val_cfg.x': 1}), 'val_cfg.x=1 has no effect'),
        ('ucf101_1x1', dict(nested=True), 'none are drawn here'),
        ('few_shot_hmdb51_k4', {}, 'actionclip prepare hmdb51'),
        ('mini_10x3', {}, '--checkpoint'),
    ],
)
def test_bad_requests(plan: Callable, name: str, wishes: dict, words: str) -> None:
    paths = {
        key: [Path(v) for v in value] if isinstance(value, list) and key != 'seeds'
        else Path(value) if key in ('config', 'data_root', 'base_labels') else value
        for key, value in wishes.items()
    }  # fmt: skip
    with pytest.raises((ValueError, FileNotFoundError), match=words) as error:
        plan(name, **paths)
    assert '\n' not in str(error.value)


def test_unusable_checkpoints_are_refused(plan: Callable, checkpoint: Path, tmp_path: Path) -> None:
    state = torch.load(checkpoint)['state_dict']
    state.pop('cls_head.logit_scale')
    torch.save(dict(state_dict=state), tmp_path / 'other.pth')
    (tmp_path / 'text.pth').write_text('no checkpoint')
    for name, words in (
        ('other.pth', 'does not fit the model'),
        ('text.pth', 'is not a checkpoint'),
    ):
        with pytest.raises(ValueError, match=words):
            plan('zero_shot_ucf101_zf', checkpoints=[tmp_path / name])


def test_late_runs_start_from_checkpoints_that_fit(
    plan: Callable, checkpoint: Path, tmp_path: Path, leaf: Path
) -> None:
    """A training would refuse it too, but hours later."""
    state = torch.load(checkpoint)['state_dict']
    state.pop('cls_head.logit_scale')
    torch.save(dict(state_dict=state), tmp_path / 'other.pth')
    checkpoints = [checkpoint, checkpoint, tmp_path / 'other.pth']
    with pytest.raises(ValueError, match=r"other.pth' does not fit the model"):
        plan('ucf101_1x1', checkpoints=checkpoints)
    options = {'default_hooks.check_weights.allow_partial': True}
    made = plan('ucf101_1x1', checkpoints=checkpoints, options=options)
    assert [job.checkpoint for job in made.jobs] == checkpoints


def test_other_seeds_are_a_difference(plan: Callable) -> None:
    assert not any('Seeds' in text for text in plan('few_shot_ucf101_k2', seeds=[1]).differences)
    assert 'Seeds 2 were asked for.' in plan('few_shot_ucf101_k2', seeds=[2]).differences
    assert (
        'Seeds 4, 5, 6 were asked for.' in plan('base_to_novel_ucf101', seeds=[4, 5, 6]).differences
    )


def test_heads_without_texts_know_no_new_classes(plan: Callable, leaf: Path) -> None:
    leaf.write_text(
        leaf.read_text()
        + "\nmodel['cls_head'] = dict(type='TimeSformerHead', num_classes=5, in_channels=32)\n"
    )
    with pytest.raises(ValueError, match='TimeSformerHead of the config reads no class names'):
        plan('base_to_novel_ucf101')
    made = plan('few_shot_ucf101_k2')
    assert made.text is None and made.model.head == 'TimeSformerHead'
    with pytest.raises(ValueError, match='reads no texts: omit it'):
        plan('few_shot_ucf101_k2', templates='label_only')
