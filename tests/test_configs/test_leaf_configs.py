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
from mmengine.config import Config
from mmengine.optim import build_optim_wrapper
from mmengine.registry import FUNCTIONS
from open_clip import factory
from torch import nn

from actionclip_mm.clip.hub import skip_loading_weights

ROOT = Path(__file__).resolve().parents[2]
CONFIGS = ROOT / 'configs'
# those of the top folder run another config: test_data_sets.py, test_features/test_training.py
LEAVES = sorted(
    str(path.relative_to(CONFIGS))
    for path in CONFIGS.rglob('*.py')
    if '_base_' not in path.parts and path.parent != CONFIGS
)
NOT_COMMITTED = ('data/mini/', 'data/kinetics400', 'data/skeleton')  # generated, and the user's
# the list of the videos where a data set has a layout of its own
LISTS = {
    'ImageTextDataset': 'captions.jsonl',
    'PoseDataset': 'skeletons.pkl',
    'VideoSegmentDataset': 'segments.txt',
}
PUBLISHED = (
    r'top-1 \d\d\.\d+.*\((?:paper|ActionCLIP)|not given\shere|not in the\spaper'
    r'|mAP \d\d\.\d \(paper|values only in the figure\s\(paper, figure 3\)'
)
# by the start of a leaf's name: learning rate of CLIP's weights, epochs, batch size
RECIPES = {
    'actionclip/': (5e-6, 50, 128),
    'ablations/': (5e-6, 50, 128),
    'zero_shot/': (5e-6, 50, 128),
    'charades/': (5e-6, 50, 128),
    'finetune/actionclip_vit-b-16_transf_hmdb51': (5e-6, 50, 64),
    'finetune/actionclip_vit-b-16_transf_ucf101': (5e-6, 50, 32),
    'few_shot/actionclip': (2e-6, 50, 64),
    'base_to_novel/': (2e-6, 11, 64),
}
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
    (folder / 'segments.txt').write_text('0.mp4 0 0 1\n1.mp4 1 0.5 1\n2.mp4 0 0 9\n')
    (folder / 'labels.txt').write_text('\n'.join(LABELS))
    cv2.imwrite(str(folder / 'still.png'), np.full((48, 48, 3), 90, np.uint8))
    line = json.dumps(dict(image='still.png', captions=LABELS[:2]))
    (folder / 'captions.jsonl').write_text(f'{line}\n' * 3)
    return folder


def load(leaf: str, videos: Path, shrink_backbone: Callable, shrink_frames: Callable) -> Config:
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
        dataset.pipeline = shrink_frames(dataset.pipeline)
        if dataset.get('multi_class'):
            dataset.num_classes = len(LABELS)
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


@pytest.fixture
def small_models(shrunken_models: None, monkeypatch: pytest.MonkeyPatch) -> None:
    for cfg in factory._MODEL_CONFIGS.values():
        monkeypatch.setitem(cfg['vision_cfg'], 'image_size', 32)


def build(config: Config) -> nn.Module:
    with skip_loading_weights():
        return MODELS.build(config.model)


def batch(dataloader: dict, size: int) -> dict:
    # serialised lists would be followed by a collection of all garbage
    dataset = DATASETS.build(dict(dataloader['dataset'], serialize_data=False))
    collate = FUNCTIONS.get(dataloader.get('collate_fn', dict(type='pseudo_collate'))['type'])
    return collate([dataset[index] for index in range(size)])


@pytest.mark.parametrize('leaf', LEAVES)
def test_builds_learns_and_tests(
    leaf: str,
    small_models: None,
    videos: Path,
    shrink_backbone: Callable,
    shrink_frames: Callable,
) -> None:
    config = load(leaf, videos, shrink_backbone, shrink_frames)
    model = build(config).train()
    optim_wrapper = build_optim_wrapper(model, config.optim_wrapper)
    reached: set[str] = set()
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            parameter.register_hook(lambda grad, name=name: reached.add(name))
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    losses = model.train_step(batch(config.train_dataloader, 2), optim_wrapper)
    assert losses['loss'].isfinite()
    changed = {name for name, p in model.named_parameters() if not torch.equal(p, before[name])}
    assert changed and changed <= reached
    assert reached == {name for name, p in model.named_parameters() if p.requires_grad}

    (sample,) = model.eval().test_step(batch(config.test_dataloader, 1))
    assert sample.pred_score.isfinite().all()
    if getattr(model.cls_head, 'scores', 'softmax') == 'softmax':
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
    recipe = [values for start, values in RECIPES.items() if leaf.startswith(start)]
    if not recipe:
        return
    rate, epochs, batch_size = recipe[0]
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            group = groups[id(parameter)]
            assert group['lr'] == pytest.approx(rate if is_of_clip(name) else 10 * rate), name
            decay = 0.2 if parameter.dim() >= 2 else 0.0
            assert group['weight_decay'] == pytest.approx(decay), name
            assert group['betas'] == (0.9, 0.98)
    warm_up, cosine = config.param_scheduler  # their shape is tested in test_schedules.py
    assert warm_up.end == cosine.begin == 5
    assert cosine.end == cosine.begin + cosine.T_max == config.train_cfg.max_epochs == epochs
    # 4 GPUs as the docstrings say
    assert 4 * config.train_dataloader.batch_size == batch_size
    assert config.auto_scale_lr.base_batch_size == batch_size


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
    folder = leaf.split('/')[0]
    if folder == 'mini':  # or where the figures are
        assert re.search(r'Measured|Not measured|results: docs/', docstring)
        return
    assert 'GPU' in docstring
    assert 'Not measured here' in ' '.join(docstring.split())
    if folder != 'mixed_backbones':  # theirs is the model zoo's, see test_mixed_backbones.py
        assert re.search(PUBLISHED, docstring, re.S)


def test_the_layout_of_kinetics400_is_the_documented_one() -> None:
    leaf = Config.fromfile(CONFIGS / 'actionclip' / 'actionclip_vit-b-32_transf_k400_8f.py')
    paths = [leaf.model.cls_head.label_encoder.labels]
    for loader in (leaf.train_dataloader, leaf.val_dataloader):
        paths += [loader.dataset.ann_file, loader.dataset.data_prefix.video]
    readme = (ROOT / 'data' / 'README.md').read_text().split('## Data sets of your own')[1]
    for path in paths:
        assert path.removeprefix('data/kinetics400/') in readme


def test_every_row_of_the_tables_has_a_config() -> None:
    """configs/ablations/README.md maps rows to files; all are named, and have the row's number."""
    text = (CONFIGS / 'ablations' / 'README.md').read_text()
    rows = re.findall(
        r'^\|.*\| ([\w. ]+)(?: \(top-5 ([\d.]+)\))? \| \[[\w ]+\]\(([\w./-]+\.py)\) \|$', text, re.M
    )
    assert len(rows) == text.count('.py)')
    files = {(CONFIGS / 'ablations' / name).resolve() for *_, name in rows}
    assert {path.resolve() for path in (CONFIGS / 'ablations').glob('*.py')} <= files
    for top1, top5, name in rows:
        docstring = (CONFIGS / 'ablations' / name).read_text().split('"""')[1]
        assert top1 in docstring and top5 in docstring, f'{name} does not give {top1} {top5}'
