"""Fixtures for tests of tools: a one-layer CLIP and its file, a config to train, comparisons."""

import socket
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest
import torch
from mmaction.apis import init_recognizer

from actionclip_mm.clip.hub import skip_loading_weights

THREE_LABELS = ['clap hands', 'fall down', 'arm wrestling']


@pytest.fixture(scope='session')
def nine_videos(tmp_path_factory: pytest.TempPathFactory, write_video: Callable) -> Path:
    """A folder of nine videos with three classes and their annotation file."""
    folder = tmp_path_factory.mktemp('videos')
    lines = []
    for index in range(9):
        label = index % len(THREE_LABELS)
        write_video(folder / f'{index}.mp4')
        lines.append(f'{index}.mp4 {label}\n')
    (folder / 'list.txt').write_text(''.join(lines))
    return folder


@pytest.fixture
def tiny_config(nine_videos: Path, tmp_path: Path) -> Path:
    """Config of a tiny ActionCLIP over the repository's own base files."""
    base = Path(__file__).resolve().parents[2] / 'configs' / '_base_'
    path = tmp_path / 'tiny.py'
    path.write_text(
        dedent(f"""
        _base_ = ['{base}/default_runtime.py', '{base}/schedules/adamw_50e.py']
        arch = dict(
            embed_dim=32,
            quick_gelu=True,
            vision_cfg=dict(image_size=32, layers=2, width=64, head_width=32, patch_size=16),
            text_cfg=dict(context_length=77, vocab_size=49408, width=32, heads=2, layers=2),
        )
        model = dict(
            type='CLIPRecognizer',
            backbone=dict(type='CLIPImageEncoder', arch=arch, pretrained=None, visual_prompt=None),
            neck=dict(type='TransfPrompt', in_channels=32, num_layers=1),
            cls_head=dict(
                type='VideoTextHead',
                in_channels=32,
                label_encoder=dict(
                    type='TextPromptLabelEncoder', labels={THREE_LABELS}, templates='actionclip16',
                    arch=arch, pretrained=None),
                loss_cls=dict(type='VideoTextKLLoss'),
                average_clips='prob'))
        pipeline = [
            dict(type='DecordInit'),
            dict(type='UniformSample', clip_len=4, num_clips=1, test_mode=True),
            dict(type='DecordDecode'),
            dict(type='Resize', scale=(32, 32), keep_ratio=False),
            dict(type='FormatShape', input_format='NCTHW'),
            dict(type='PackActionInputs')]
        dataset = dict(
            type='VideoDataset', ann_file='{nine_videos}/list.txt',
            data_prefix=dict(video='{nine_videos}'), pipeline=pipeline)
        train_dataloader = dict(
            batch_size=3, num_workers=0, sampler=dict(type='DefaultSampler', shuffle=True),
            dataset=dataset)
        val_dataloader = dict(
            batch_size=2, num_workers=0, sampler=dict(type='DefaultSampler', shuffle=False),
            dataset=dict(test_mode=True, **dataset))
        test_dataloader = val_dataloader
        val_evaluator = dict(type='AccMetric')
        test_evaluator = val_evaluator
        train_cfg = dict(max_epochs=3)
        default_hooks = dict(logger=dict(interval=1))
        """)
    )
    return path


@pytest.fixture
def config(tiny_config: Path) -> Path:
    """``tiny_config`` with a complete evaluator and a named test pipeline, as shipped configs."""
    text = tiny_config.read_text().replace("type='VideoDataset'", "type='RobustVideoDataset'")
    evaluator = "dict(type='CompleteEvaluator', metrics=[dict(type='AccMetric')])"
    text = text.replace("val_evaluator = dict(type='AccMetric')", f'val_evaluator = {evaluator}')
    tiny_config.write_text(f'{text}\ntest_pipeline = pipeline\n')
    return tiny_config


@pytest.fixture
def checkpoint(config: Path, tmp_path: Path) -> Path:
    """A checkpoint of ``config`` with optimizer and metadata, as training saves it."""
    with skip_loading_weights():
        model = init_recognizer(str(config), device='cpu')
    content = dict(state_dict=model.state_dict(), optimizer={}, message_hub={}, meta=dict(epoch=1))
    torch.save(content, tmp_path / 'epoch_1.pth')
    return tmp_path / 'epoch_1.pth'


@pytest.fixture
def video(nine_videos: Path) -> str:
    return str(sorted(nine_videos.glob('*.mp4'))[0])


@pytest.fixture(scope='session')
def free_port() -> Callable[[], str]:
    """Function that finds a port for a process group."""

    def find() -> str:
        with socket.socket() as sock:
            sock.bind(('127.0.0.1', 0))
            return str(sock.getsockname()[1])

    return find
