"""Models that describe themselves: checkpoints and exported folders that predict alone."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from mmengine.config import Config

from actionclip_mm import ActionCLIPInferencer
from actionclip_mm.apis.building import build_trained, load_model
from actionclip_mm.cli import export
from actionclip_mm.converters.description import KEY, describe, read_folder

LABELS = ['ApplyEyeMakeup', 'juggling balls', 'hug']


@pytest.fixture
def cfg(tiny_arch: dict, tmp_path: Path) -> Config:
    (tmp_path / 'names.txt').write_text('\n'.join(LABELS))
    (tmp_path / 'templates.txt').write_text('{}\na video of {}\n')
    return Config(
        dict(
            model=dict(
                type='CLIPRecognizer',
                backbone=dict(type='CLIPImageEncoder', arch=tiny_arch),
                neck=dict(type='TransfPrompt', num_layers=1),
                cls_head=dict(
                    type='VideoTextHead',
                    label_encoder=dict(
                        type='TextPromptLabelEncoder',
                        labels=str(tmp_path / 'names.txt'),
                        templates=str(tmp_path / 'templates.txt'),
                    ),
                ),
            ),
            test_pipeline=[
                dict(type='VideoInit'),
                dict(type='SegmentCentreSample', clip_len=3),
                dict(type='VideoDecode'),
                dict(type='Resize', scale=(32, 32), keep_ratio=False),
                dict(type='FormatShape', input_format='NCTHW'),
                dict(type='PackActionInputs'),
            ],
        )
    )


@pytest.fixture
def video(write_video, tmp_path: Path) -> str:
    return str(write_video(tmp_path / 'clip.mp4'))


@pytest.mark.parametrize('neck', ['MeanPPrompt', 'TransfPrompt'])
def test_a_checkpoint_predicts_alone(cfg: Config, neck: str, tmp_path: Path, video: str) -> None:
    cfg.model.neck = dict(type=neck)
    model = build_trained(cfg, None)
    expected = ActionCLIPInferencer.from_config(cfg, None).read(video)
    content = dict(state_dict=model.state_dict(), meta={KEY: describe(model, cfg)})
    torch.save(content, tmp_path / 'epoch_1.pth')
    for name in ('names.txt', 'templates.txt'):
        os.unlink(tmp_path / name)
    inferencer = ActionCLIPInferencer.from_pretrained(tmp_path / 'epoch_1.pth', device='cpu')
    assert inferencer.labels == ('apply eye makeup', 'juggling balls', 'hug')
    assert torch.equal(inferencer.read(video).data['inputs'], expected.data['inputs'])
    reference = ActionCLIPInferencer(model, cfg.test_pipeline, device='cpu')
    assert inferencer(video).scores == pytest.approx(reference(video).scores, abs=1e-6)


def test_a_folder_predicts_alone(cfg: Config, tmp_path: Path, video: str) -> None:
    inferencer = ActionCLIPInferencer.from_config(
        cfg, None, labels=['walk', 'run'], templates='label_only', temperature=2.0, device='cpu'
    )
    inferencer.save_pretrained(tmp_path / 'model')
    assert (tmp_path / 'model' / 'labels.txt').read_text() == 'walk\nrun\n'
    again = ActionCLIPInferencer.from_pretrained(tmp_path / 'model', device='cpu')
    assert again.matcher.temperature == 2.0
    assert again(video).scores == pytest.approx(inferencer(video).scores, abs=1e-6)
    modes = {os.stat(file).st_mode & 0o777 for file in (tmp_path / 'model').iterdir()}
    assert modes == {os.stat(video).st_mode & 0o777}


def test_zero_shot_models_are_saved_with_their_labels(tiny_arch, tmp_path, video) -> None:
    inferencer = ActionCLIPInferencer.from_clip(['walk', 'run'], tiny_arch, None, device='cpu')
    inferencer.save_pretrained(tmp_path / 'model')
    again = ActionCLIPInferencer(tmp_path / 'model', device='cpu')
    assert again(video).scores == pytest.approx(inferencer(video).scores, abs=1e-6)


def test_pretrained_decides_the_activation(cfg: Config) -> None:
    model = build_trained(cfg, None)
    cfg.model.backbone.update(arch='ViT-B-32', pretrained='openai')
    backbone = describe(model, cfg)['model']['backbone']
    assert backbone['arch']['quick_gelu'] is True and backbone['pretrained'] is None


@pytest.mark.parametrize(
    ('change', 'said'),
    [
        ({'format': 9}, 'has the format 9, this version reads 1'),
        ({'model': 'x'}, 'does not describe a model'),
    ],
)
def test_other_folders_are_refused(tiny_arch, tmp_path: Path, change: dict, said: str) -> None:
    inferencer = ActionCLIPInferencer.from_clip(['walk', 'run'], tiny_arch, None, device='cpu')
    inferencer.save_pretrained(tmp_path)
    content = json.loads((tmp_path / 'config.json').read_text())
    (tmp_path / 'config.json').write_text(json.dumps(content | change))
    with pytest.raises(ValueError, match=said):
        read_folder(tmp_path)


def test_what_is_missing_is_named(cfg: Config, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r'has no config\.json'):
        load_model(str(tmp_path))
    model = build_trained(cfg, None)
    torch.save(dict(state_dict=model.state_dict(), meta={}), tmp_path / 'old.pth')
    with pytest.raises(ValueError, match='does not describe its model.*add --config'):
        load_model(str(tmp_path / 'old.pth'))
    with pytest.raises(FileNotFoundError, match='does not exist'):
        ActionCLIPInferencer.from_pretrained(tmp_path / 'nothing')


def test_the_command_exports_a_folder(
    cfg: Config, tmp_path: Path, video: str, refused: Callable
) -> None:
    model = build_trained(cfg, None)
    content = dict(state_dict=model.state_dict(), meta={KEY: describe(model, cfg)})
    torch.save(content, tmp_path / 'epoch_1.pth')
    export.main([str(tmp_path / 'epoch_1.pth'), str(tmp_path / 'exported')])
    inferencer = ActionCLIPInferencer(tmp_path / 'exported', device='cpu')
    expected = ActionCLIPInferencer(tmp_path / 'epoch_1.pth', device='cpu')
    assert inferencer(video).scores == pytest.approx(expected(video).scores, abs=1e-6)
    refused(export.main, [tmp_path / 'epoch_1.pth', tmp_path / 'exported'], 'exists')
