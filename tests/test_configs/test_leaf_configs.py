"""What ships is tested: every leaf config builds as it is, learns one step and tests one step.

The models have their own names and widths of features but two narrow blocks per tower and frames of
32 instead of 224 pixels, no weights are read, and the videos are generated; everything else is what
a user runs.
"""

import json
import re
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmaction.registry import DATASETS, MODELS
from mmcv.transforms import Compose
from mmengine.config import Config
from mmengine.optim import build_optim_wrapper
from mmengine.registry import FUNCTIONS
from open_clip import factory
from torch import nn

from actionclip_mm.models.utils.unread_weights import leave_weights_unread

ROOT = Path(__file__).resolve().parents[2]
CONFIGS = ROOT / 'configs'
LEAVES = sorted(
    str(path.relative_to(CONFIGS)) for path in CONFIGS.rglob('*.py') if '_base_' not in path.parts
)
NOT_COMMITTED = ('data/mini/', 'data/kinetics400', 'data/skeleton')  # generated, and the user's
# the list of the videos where a data set has a layout of its own
LISTS = {'ImageTextDataset': 'captions.jsonl', 'PoseDataset': 'skeletons.pkl'}
LABELS = ['arm wrestling', 'brush hair', 'cleaning pool', 'dancing', 'eating', 'falling']


@pytest.fixture(scope='session')
def videos(
    tmp_path_factory: pytest.TempPathFactory, write_video: Callable, skeletons: bytes
) -> Path:
    """Three videos with their list, a still and its captions, skeletons, a label file."""
    folder = tmp_path_factory.mktemp('videos')
    for index in range(3):
        write_video(folder / f'{index}.mp4')
    (folder / 'skeletons.pkl').write_bytes(skeletons)
    (folder / 'list.txt').write_text('0.mp4 0\n1.mp4 1\n2.mp4 0\n')
    (folder / 'labels.txt').write_text('\n'.join(LABELS))
    cv2.imwrite(str(folder / 'still.png'), np.full((48, 48, 3), 90, np.uint8))
    line = json.dumps(dict(image='still.png', captions=LABELS[:2]))
    (folder / 'captions.jsonl').write_text(f'{line}\n' * 3)
    return folder


def load(leaf: str, videos: Path, shrink_backbone: Callable) -> Config:
    """A shipped config on the generated videos."""
    config = Config.fromfile(CONFIGS / leaf)
    config.model = _replace(config.model, 'labels', str(videos / 'labels.txt'))
    for name in ('train_dataloader', 'val_dataloader', 'test_dataloader'):
        if config[name].dataset.type == 'RepeatDataset':
            config[name].dataset = config[name].dataset.dataset
        dataset = config[name].dataset
        dataset.ann_file = str(videos / LISTS.get(dataset.type, 'list.txt'))
        if 'data_prefix' in dataset:
            dataset.data_prefix = {key: str(videos) for key in dataset.data_prefix}
        dataset.pipeline = _shrink_frames(dataset.pipeline)
        config[name].dataset = _replace(dataset, 'labels', str(videos / 'labels.txt'))
    shrink_backbone(config)
    if config.optim_wrapper.get('type') == 'AmpOptimWrapper':
        config.optim_wrapper.dtype = 'bfloat16'  # the half precision that a CPU has
    return config


def _replace(node: object, key: str, value: object) -> object:
    """The same tree of dicts and lists with another value wherever a key stands."""
    if isinstance(node, dict):
        return type(node)(
            {
                name: value if name == key else _replace(old, key, value)
                for name, old in node.items()
            }
        )
    return [_replace(item, key, value) for item in node] if isinstance(node, list) else node


def _shrink_frames(node: object) -> object:
    """The same tree with 32 and 37 pixels where 224 and 256 stand."""
    if isinstance(node, dict):
        return type(node)({name: _shrink_frames(old) for name, old in node.items()})
    if isinstance(node, (list, tuple)):
        return type(node)(_shrink_frames(item) for item in node)
    return {224: 32, 256: 37}.get(node, node) if isinstance(node, int) else node


@pytest.fixture
def small_models(shrunken_models: None, monkeypatch: pytest.MonkeyPatch) -> None:
    for cfg in factory._MODEL_CONFIGS.values():
        monkeypatch.setitem(cfg['vision_cfg'], 'image_size', 32)


def build(config: Config) -> nn.Module:
    with leave_weights_unread():
        return MODELS.build(config.model)


def batch(dataloader: dict, size: int) -> dict:
    # serialised lists would be followed by a collection of all garbage
    dataset = DATASETS.build(dict(dataloader['dataset'], serialize_data=False))
    collate = FUNCTIONS.get(dataloader.get('collate_fn', dict(type='pseudo_collate'))['type'])
    return collate([dataset[index] for index in range(size)])


@pytest.mark.parametrize('leaf', LEAVES)
def test_builds_learns_and_tests(
    leaf: str, small_models: None, videos: Path, shrink_backbone: Callable
) -> None:
    config = load(leaf, videos, shrink_backbone)
    model = build(config).train()
    optim_wrapper = build_optim_wrapper(model, config.optim_wrapper)
    reached: set[str] = set()
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            parameter.register_hook(lambda grad, name=name: reached.add(name))
    losses = model.train_step(batch(config.train_dataloader, 2), optim_wrapper)
    assert all(value.isfinite() for value in losses.values())
    assert reached == {name for name, p in model.named_parameters() if p.requires_grad}

    (sample,) = model.eval().test_step(batch(config.test_dataloader, 1))
    assert sample.pred_score.isfinite().all()
    assert sample.pred_score.sum().item() == pytest.approx(1, abs=1e-4)
    check_groups(leaf, config, model, optim_wrapper.optimizer)


def check_groups(
    leaf: str, config: Config, model: nn.Module, optimizer: torch.optim.Optimizer
) -> None:
    """Each parameter is in one group, with the paper's rate and decay where its recipe is used."""
    groups = {id(p): group for group in optimizer.param_groups for p in group['params']}
    # mmengine's own constructor lists frozen parameters too, to no effect
    listed = [id(p) for g in optimizer.param_groups for p in g['params'] if p.requires_grad]
    assert len(listed) == len(set(listed)), 'a parameter is in two groups'
    assert set(listed) == {id(p) for p in model.parameters() if p.requires_grad}
    if not leaf.startswith(('actionclip/', 'ablations/')):
        return
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            group = groups[id(parameter)]
            rate = 5e-6 if is_of_clip(name) else 5e-5
            assert group['lr'] == pytest.approx(rate), name
            decay = 0.2 if parameter.dim() >= 2 else 0.0
            assert group['weight_decay'] == pytest.approx(decay), name
            assert group['betas'] == (0.9, 0.98)
    schedule = Config.fromfile(CONFIGS / '_base_' / 'schedules' / 'adamw_50e.py')
    assert config.param_scheduler == schedule.param_scheduler  # itself tested in test_schedules.py
    assert config.train_cfg.max_epochs == 50
    # 4 GPUs as the docstrings say
    assert 4 * config.train_dataloader.batch_size == config.auto_scale_lr.base_batch_size == 128


def is_of_clip(name: str) -> bool:
    """Whether a parameter comes with CLIP's weights."""
    parts = ('backbone.visual.', 'cls_head.label_encoder.text.', 'cls_head.logit_scale')
    return name.startswith(parts)


@pytest.mark.parametrize('leaf', LEAVES)
def test_docstring_gives_command_hardware_and_number(leaf: str) -> None:
    text = (CONFIGS / leaf).read_text()
    docstring = text.split('"""')[1]
    assert f'configs/{leaf}' in docstring, 'no command that runs it'
    for path in re.findall(r'(?:configs|tools|docs|data)/[\w./-]*\w', docstring):
        if not path.startswith(NOT_COMMITTED):
            assert (ROOT / path).exists(), f'{path} is named but not there'
    if leaf.startswith(('actionclip/', 'ablations/')):
        assert re.search(r'GPU', docstring)
        assert re.search(
            r'top-1 \d\d\.\d+.*\((?:paper|ActionCLIP)|not given\shere', docstring, re.S
        )
        assert 'Not measured here' in docstring


def test_the_layout_of_kinetics400_is_the_documented_one() -> None:
    leaf = Config.fromfile(CONFIGS / 'actionclip' / 'actionclip_vit-b-32_transf_k400_8f.py')
    paths = [leaf.model.cls_head.label_encoder.labels]
    for loader in (leaf.train_dataloader, leaf.val_dataloader):
        paths += [loader.dataset.ann_file, loader.dataset.data_prefix.video]
    readme = (ROOT / 'data' / 'README.md').read_text().split('## Kinetics-400')[1]
    docstring = (CONFIGS / '_base_' / 'datasets' / 'kinetics400.py').read_text().split('"""')[1]
    for path in paths:
        assert path in docstring
        assert path.removeprefix('data/kinetics400/') in readme


def test_every_row_of_the_tables_has_a_config() -> None:
    """configs/ablations/README.md maps rows to files; all of them exist and all files are named."""
    text = (CONFIGS / 'ablations' / 'README.md').read_text()
    named = set(re.findall(r'\]\(([\w./-]+\.py)\)', text))
    files = {(CONFIGS / 'ablations' / name).resolve() for name in named}
    assert all(path.is_file() for path in files)
    assert {path.resolve() for path in (CONFIGS / 'ablations').glob('*.py')} <= files


def test_frames_of_a_video_are_augmented_alike(videos: Path) -> None:
    """A still video stays still under the training pipeline, whatever is drawn."""
    config = Config.fromfile(CONFIGS / '_base_' / 'datasets' / 'kinetics400.py')
    pipeline = Compose(_shrink_frames(config.train_pipeline[3:]))  # behind the decoder
    frame = np.random.randint(0, 256, (48, 64, 3), dtype=np.uint8)
    for _ in range(5):
        results = pipeline(
            dict(
                imgs=[frame.copy() for _ in range(4)], img_shape=(48, 64), modality='RGB',
                num_clips=1, clip_len=4, label=0, original_shape=(48, 64),
            )
        )  # fmt: skip
        clip = results['inputs']  # [1, 3, T, H, W]
        assert clip.shape == (1, 3, 4, 32, 32)
        assert all(torch.equal(clip[:, :, 0], clip[:, :, t]) for t in range(4))
