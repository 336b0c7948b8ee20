"""Training on cached frame features is training on the videos."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from mmaction.registry import DATASETS, TRANSFORMS
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.logging import MMLogger
from mmengine.runner import Runner

from actionclip_mm.apis.building import build_trained
from actionclip_mm.cli.cache_features import main
from actionclip_mm.features import FeatureStore
from actionclip_mm.features.configs import use_frame_features
from actionclip_mm.features.keys import check_tower
from actionclip_mm.utils import RunRefused

EPOCHS, VIDEOS = 3, 6
MORE = """
import copy
frames = [dict(type='VideoInit'), dict(type='UniformSample', clip_len=4),
          dict(type='VideoDecode'), dict(type='Resize', scale=(32, 32), keep_ratio=False),
          dict(type='FastTorchVisionWrapper', op='ColorJitter', brightness=0.4),
          dict(type='FormatShape', input_format='NCTHW'), dict(type='PackActionInputs')]
model['backbone']['frozen_stages'] = 'all'
model['neck'] = dict(type='TransfPrompt', in_channels=32, num_layers=1)
common = dict(type='RobustVideoDataset', data_prefix=dict(video='videos'))
train_dataloader = dict(_delete_=True, batch_size=3, num_workers=0, drop_last=True,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(common, ann_file='train.txt', pipeline=frames))
test_frames = copy.deepcopy(frames)
test_frames[1]['test_mode'] = True
test_frames[4:5] = []
val_dataloader = dict(_delete_=True, batch_size=4, num_workers=0,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(common, ann_file='val.txt', pipeline=test_frames, test_mode=True))
test_dataloader = val_dataloader
val_evaluator = dict(_delete_=True, type='CompleteEvaluator', metrics=[dict(type='AccMetric')])
test_evaluator = val_evaluator
train_cfg = dict(max_epochs=3, val_interval=3)
param_scheduler = []
default_hooks = dict(checkpoint=dict(save_best=None), logger=dict(interval=1))
optim_wrapper = dict(optimizer=dict(lr=1e-3))
load_from = 'tower.pth'
"""


@pytest.fixture
def config(
    tmp_path: Path, write_leaf: Callable, write_video: Callable, save_model: Callable,
    monkeypatch: pytest.MonkeyPatch,
) -> Path:  # fmt: skip
    """A config with a frozen tower, random frames in training, and 6 videos of 2 classes."""
    monkeypatch.chdir(tmp_path)
    for number in range(VIDEOS):
        write_video(tmp_path / 'videos' / f'{number}.mp4')
    for name in ('train.txt', 'val.txt'):
        lines = (f'{number}.mp4 {number % 2}\n' for number in range(VIDEOS))
        (tmp_path / name).write_text(''.join(lines))
    path = write_leaf(tmp_path / 'leaf.py', 'mini_clips', 'mini', MORE)
    save_model(path, tmp_path / 'tower.pth')
    return path


def cache(config: Path, *more: str) -> int:
    argv = [str(config), '--out', 'features', '--views', str(EPOCHS), '--precision', 'fp32']
    return main([*argv, '--workers', '0', '--batch-size', '4', '--shard-size', '4', *more])


def train(config: Path, folder: str | None) -> tuple[Runner, list[float]]:
    """Train, and return the losses of the iterations."""
    cfg = Config.fromfile(config)
    if folder is not None:
        use_frame_features(cfg, folder)
    cfg.work_dir = str(config.parent / f'run_{folder}')
    MMLogger._instance_dict.clear()
    runner = Runner.from_cfg(cfg)
    runner.train()
    (log,) = Path(cfg.work_dir).glob('*/vis_data/scalars.json')
    rows = [json.loads(line) for line in log.read_text().splitlines()]
    return runner, [row['loss'] for row in rows if 'loss' in row]


def test_a_run_on_features_is_the_run_on_videos(config: Path) -> None:
    """As many views as epochs, and the seed of the run: equal losses, weights and scores."""
    assert cache(config) == 0
    plain, losses = train(config, None)
    cached, again = train(config, 'features')
    assert len(losses) == 2 * EPOCHS
    torch.testing.assert_close(again, losses, rtol=1e-5, atol=1e-5)
    ours, theirs = cached.model.state_dict(), plain.model.state_dict()
    assert ours.keys() == theirs.keys()  # the tower is in the checkpoint
    for name, value in theirs.items():
        torch.testing.assert_close(ours[name], value, rtol=1e-4, atol=1e-5)
    accuracies = [
        run.message_hub.get_scalar('val/acc/top1').current() for run in (cached, plain)
    ]  # fmt: skip
    assert accuracies[0] == accuracies[1]


def test_scores_of_a_test_are_equal(config: Path) -> None:
    cache(config, '--splits', 'val')
    scores = []
    for folder in (None, 'features'):
        cfg = Config.fromfile(config)
        if folder:
            cfg.train_dataloader = None
            use_frame_features(cfg, folder)
        model = build_trained(cfg, 'tower.pth').eval()
        dataset = DATASETS.build(cfg.val_dataloader.dataset)
        batch = pseudo_collate([dataset[index] for index in range(VIDEOS)])
        scores.append(torch.stack([sample.pred_score for sample in model.test_step(batch)]))
    torch.testing.assert_close(scores[1], scores[0], rtol=1e-5, atol=1e-6)


def test_interrupted_and_shared_work(config: Path, capsys: pytest.CaptureFixture) -> None:
    assert cache(config, '--shard', '1/2') == 0
    assert 'features/train: 1 shards are left to the other processes' in capsys.readouterr().out
    assert cache(config, '--shard', '0/2') == 0
    assert f'features/train: {VIDEOS} videos of (3, 1, 4, 32) fp32' in capsys.readouterr().out
    before = {path: path.stat().st_mtime_ns for path in Path('features').rglob('*.*')}
    assert cache(config) == 0
    assert before == {path: path.stat().st_mtime_ns for path in Path('features').rglob('*.*')}
    # the same features as in one go, and from workers
    shared = FeatureStore('features/train')
    assert cache(config, '--out', 'again', '--workers', '1', '--batch-size', '18') == 0
    for name in shared.names:
        torch.testing.assert_close(FeatureStore('again/train')[name], shared[name])


def test_unreadable_videos(config: Path, capsys: pytest.CaptureFixture) -> None:
    """Listed when features are made, replaced in training, counted as wrong in a test."""
    Path('videos/5.mp4').write_text('no video')
    assert cache(config) == 1
    assert 'BAD train 5.mp4: ' in capsys.readouterr().out
    runner, _ = train(config, 'features')
    assert runner.message_hub.get_scalar('val/videos/failed').current() == 1


def test_refusals(config: Path, capsys: pytest.CaptureFixture) -> None:
    assert cache(config, '--splits', 'train') == 0
    cfg = Config.fromfile(config)
    # a tower that learns
    learns = Config.fromfile(config)
    learns.model.backbone.frozen_stages = -1
    with pytest.raises(ValueError, match="frozen_stages='all', got -1"):
        use_frame_features(learns, 'features')
    encoder = build_trained(cfg, 'tower.pth').backbone
    encoder.requires_grad_(True)
    with pytest.raises(ValueError, match='need a frozen image tower'):
        check_tower('features', encoder)
    # other weights
    encoder.requires_grad_(False)
    check_tower('features', encoder)
    next(encoder.parameters()).data.add_(1)
    with pytest.raises(ValueError, match='are of another image tower .tower.weights'):
        check_tower('features', encoder)
    # another pipeline
    cfg.val_dataloader = cfg.test_dataloader = None
    use_frame_features(cfg, 'features')
    load = cfg.train_dataloader.dataset.pipeline[0]
    TRANSFORMS.build(load)
    load.pipeline[3].scale = (40, 40)
    with pytest.raises(ValueError, match=r'another pipeline .pipeline\[3\].scale\[0\]: 32 there'):
        TRANSFORMS.build(load)
    # other arguments
    with pytest.raises(SystemExit):
        cache(config, '--seed', '7')
    assert 'key.seed: 0 there, 7 here' in capsys.readouterr().err
    with pytest.raises(SystemExit):
        cache(config, '--shard', '2/2')
    assert 'must be I/N' in capsys.readouterr().err


def test_a_list_without_features_is_refused_before_the_run(config: Path) -> None:
    assert cache(config) == 0
    lines = Path('train.txt').read_text()
    shutil.copy('videos/1.mp4', 'videos/new.mp4')
    Path('train.txt').write_text(f'{lines}new.mp4 1\n')
    with pytest.raises(RunRefused, match=r"'features/train' lacks 1 of 7 videos .*new.mp4"):
        train(config, 'features')
