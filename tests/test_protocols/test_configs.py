"""Derived configs: the protocol's videos, classes and seed, the user's model."""

import json
from copy import deepcopy
from pathlib import Path

import pytest
from mmengine.config import Config

from actionclip_mm.protocols.configs import (
    check_options_kept,
    count_views,
    read_leaf,
    reads_rawframes,
    set_views,
    test_config,
    train_config,
)
from actionclip_mm.protocols.families import PROTOCOLS, get_protocol
from actionclip_mm.protocols.materials import Material
from actionclip_mm.utils.wrapped_datasets import innermost_config

test_config.__test__ = False  # no test, but what is tested

CONFIGS = Path(__file__).resolve().parents[2] / 'configs'


@pytest.fixture
def material(tmp_path: Path) -> Material:
    return Material(
        names=('sit', 'stand'), lines=('a.mp4 0', 'b c.mp4 1'), folder=tmp_path / 'videos',
        rule='all classes', source='all training videos',
    )  # fmt: skip


@pytest.fixture
def leaf() -> Config:
    return read_leaf(CONFIGS / 'mini' / 'actionclip_mini_transf.py')


def test_the_config_of_a_test(leaf: Config, material: Material, tmp_path: Path) -> None:
    before = deepcopy(leaf)
    leaf.test_dataloader.drop_last = True
    config = test_config(leaf, get_protocol('mini_zero_shot'), material, tmp_path)
    dataset = config.test_dataloader.dataset
    assert dataset.type == 'RobustVideoDataset' and dataset.test_mode
    assert Path(dataset.ann_file).read_text() == 'a.mp4 0\nb c.mp4 1\n'
    assert dataset.data_prefix == dict(video=str(material.folder))
    assert config.test_dataloader.drop_last is False
    assert config.test_evaluator.type == 'CompleteEvaluator'
    accuracy, scores = config.test_evaluator.metrics  # not the leaf's seen pairs
    assert accuracy['type'] == 'AccMetric' and 'mean_class_accuracy' in accuracy['metric_list']
    assert scores == dict(
        type='VideoScoresFile',
        out_file=str(tmp_path / 'scores.safetensors'),
        labels=str(tmp_path / 'labels.json'),
        root=str(material.folder),
    )
    assert json.loads(Path(config.model.cls_head.label_encoder.labels).read_text()) == [
        'sit',
        'stand',
    ]
    assert config.train_dataloader is None and config.val_dataloader is None
    assert config.custom_hooks[-1].type == 'MetricsFileHook'
    # what it says can be read again, from anywhere
    config.dump(str(tmp_path / 'config.py'))
    assert Config.fromfile(tmp_path / 'config.py').test_dataloader == config.test_dataloader
    leaf.test_dataloader.pop('drop_last')
    assert leaf.to_dict() == before.to_dict(), 'the leaf was changed'


def test_the_config_of_a_training(leaf: Config, material: Material, tmp_path: Path) -> None:
    before = deepcopy(leaf)
    config = train_config(leaf, material, tmp_path, 3, 'start.pth')
    assert Path(config.train_dataloader.dataset.ann_file) == tmp_path / 'train.txt'
    assert config.randomness.seed == 3 and config.load_from == 'start.pth'
    # no test set chooses the epoch
    assert config.val_dataloader is None and 'save_best' not in config.default_hooks.checkpoint
    assert train_config(leaf, material, tmp_path, 3, None).load_from is None
    assert leaf.to_dict() == before.to_dict(), 'the leaf was changed'


def test_repeated_data_sets_and_heads_with_numbers(
    leaf: Config, material: Material, tmp_path: Path
) -> None:
    leaf.train_dataloader.dataset = dict(
        type='RepeatDataset', times=2, dataset=leaf.train_dataloader.dataset
    )
    leaf.model.cls_head = dict(type='TSNHead', num_classes=400, in_channels=8)
    config = train_config(leaf, material, tmp_path, 0, None)
    assert innermost_config(config.train_dataloader.dataset).type == 'RobustVideoDataset'
    assert config.train_dataloader.dataset.times == 2
    assert config.model.cls_head.num_classes == 2


def test_raw_frames(material: Material, tmp_path: Path, leaf: Config) -> None:
    assert not reads_rawframes(leaf)
    dataset = leaf.test_dataloader.dataset
    dataset.type, dataset.data_prefix = 'RawframeDataset', dict(img='x')
    assert reads_rawframes(leaf)
    config = test_config(leaf, get_protocol('mini_zero_shot'), material, tmp_path)
    assert config.test_dataloader.dataset.type == 'RobustRawframeDataset'
    assert config.test_dataloader.dataset.data_prefix == dict(img=str(material.folder))


def test_configs_of_converted_weights_only_test(tmp_path: Path) -> None:
    path = tmp_path / 'converted.py'
    leaf = CONFIGS / 'mini' / 'actionclip_mini_transf.py'
    lacking = 'train_dataloader = None\ntrain_cfg = None\noptim_wrapper = None\n'
    path.write_text(f"_base_ = '{leaf}'\n{lacking}")
    assert read_leaf(path, trains=False).model.type == 'CLIPRecognizer'
    with pytest.raises(ValueError, match='lacks train_dataloader.*use a config that trains'):
        read_leaf(path)


def test_multi_label_protocols_have_metrics_of_their_own(
    material: Material, tmp_path: Path
) -> None:
    protocol = get_protocol('charades_10x3')
    leaf = read_leaf(CONFIGS / protocol.leaf)
    leaf.test_evaluator = [dict(type='CharadesMAP', definition='torchnet', prefix='charades')]
    config = test_config(leaf, protocol, material, tmp_path)
    assert config.test_evaluator.metrics[:-1] == [
        dict(type='CharadesMAP', per_class_file=str(tmp_path / 'class_ap.csv')),
        dict(type='CharadesMAP', definition='maxi'),
    ]
    assert config.test_dataloader.dataset.multi_class is True


@pytest.mark.parametrize(
    ('text', 'words'),
    [
        ('model = 1 / 0', 'ZeroDivisionError'),
        ('model = dict(type="A")', 'lacks train_dataloader, train_cfg, optim_wrapper'),
        (
            "_base_ = '{leaf}'\ncustom_hooks = [dict(type='LabelSwitchHook', val=['a'])]",
            'switches classes itself',
        ),
        (
            "_base_ = '{leaf}'\ntrain_dataloader = dict(dataset=dict(_delete_=True, type='C'))",
            'train_dataloader.dataset .* has no ann_file',
        ),
    ],
)
def test_unusable_configs_are_refused(text: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / 'leaf.py'
    path.write_text(text.replace('{leaf}', str(CONFIGS / 'mini' / 'actionclip_mini_transf.py')))
    with pytest.raises(ValueError, match=words) as error:
        read_leaf(path)
    assert '\n' not in str(error.value)
    with pytest.raises(FileNotFoundError, match='give another one with --config'):
        read_leaf(tmp_path / 'none.py')


def test_options_that_the_protocol_overrules(material: Material, tmp_path: Path) -> None:
    options = {'model.cls_head.ensemble': 'embed', 'train_dataloader.dataset.ann_file': 'x.txt'}
    leaf = read_leaf(CONFIGS / 'mini' / 'actionclip_mini_transf.py', options)
    test = test_config(leaf, get_protocol('mini_zero_shot'), material, tmp_path)
    train = train_config(leaf, material, tmp_path, 0, None)
    kept = {'model.cls_head.ensemble': 'embed', 'train_cfg.max_epochs': 8}
    assert check_options_kept([test, train], kept) is None
    for key, value in (
        ('train_dataloader.dataset.ann_file', 'x.txt'),
        ('randomness.seed', 5),
        ('val_cfg.type', 'ValLoop'),
    ):
        with pytest.raises(ValueError, match=f'{key}=.* has no effect'):
            check_options_kept([test, train], {key: value})
    # the leaf has these names, but what was made of them stays as it is
    for key, value in (('train_pipeline.1.clip_len', 4), ('mini_root', 'x')):
        with pytest.raises(ValueError, match=f"{key}=.* nothing reads '{key.split('.')[0]}'"):
            check_options_kept([test, train], {key: value})
    with pytest.raises(ValueError, match=r'train_cfg.max_epochs=3 has no effect'):
        check_options_kept([test], {'train_cfg.max_epochs': 3})


@pytest.mark.parametrize('name', [n for n, p in PROTOCOLS.items() if p.views])
def test_views_of_the_shipped_configs(name: str) -> None:
    protocol = PROTOCOLS[name]
    leaf = read_leaf(CONFIGS / protocol.leaf)
    set_views(leaf, protocol.views, name)
    assert count_views(leaf) == protocol.views


def test_views_of_other_configs(leaf: Config) -> None:
    with pytest.raises(ValueError, match=r'x tests 10 x 3 views .*, but the config 1 x 1'):
        set_views(leaf, (10, 3), 'x')
    path = CONFIGS / 'charades' / 'actionclip_vit-b-16_transf_charades_32f_10x3_max.py'
    ours = read_leaf(path)
    set_views(ours, (10, 3), 'x')  # it has them, so its way to average stays
    assert ours.model.cls_head.average_clips == 'max'
