"""Small models with every visual prompt, and their inferencers."""

from collections.abc import Callable
from pathlib import Path

import pytest
from mmengine.config import Config

from actionclip_mm import ActionCLIPInferencer
from actionclip_mm.apis.building import build_trained

FRAMES = 3
# visual prompts: neck, prompt inside the tower
PROMPTS = {
    'MeanP': (dict(type='MeanPPrompt'), None),
    'Conv1D': (dict(type='Conv1DPrompt'), None),
    'LSTM': (dict(type='LSTMPrompt'), None),
    'Transf': (dict(type='TransfPrompt', num_layers=1), None),
    'Transf_cls': (dict(type='TransfClsPrompt', num_frames=FRAMES, num_layers=1), None),
    'Joint': (dict(type='MeanPPrompt'), dict(type='JointPrompt', num_frames=FRAMES)),
    'Shift': (dict(type='MeanPPrompt'), dict(type='ShiftPrompt')),
}
LABELS = ['walk', 'run', 'ApplyEyeMakeup']


@pytest.fixture
def model_config(tiny_arch: dict) -> Callable[..., Config]:
    """Function that makes a config, ``model_config('LSTM', ensemble='embed')``."""

    def make(prompt: str = 'MeanP', **head: object) -> Config:
        neck, inside = PROMPTS[prompt]
        tiny_arch['vision_cfg']['layers'] = tiny_arch['text_cfg']['layers'] = 1
        encoder = dict(type='TextPromptLabelEncoder', labels=LABELS, templates=['{}', 'a {} video'])
        backbone = dict(type='CLIPImageEncoder', arch=tiny_arch, visual_prompt=inside)
        head = dict(type='VideoTextHead', label_encoder=encoder, **head)
        model = dict(type='CLIPRecognizer', backbone=backbone, neck=neck, cls_head=head)
        pipeline = [
            dict(type='VideoInit'),
            dict(type='SegmentCentreSample', clip_len=FRAMES),
            dict(type='VideoDecode'),
            dict(type='CLIPResize', scale=(-1, 36)),
            dict(type='CLIPCenterCrop', crop_size=32),
            dict(type='FormatShape', input_format='NCTHW'),
            dict(type='PackActionInputs'),
        ]
        return Config(dict(model=model, test_pipeline=pipeline))

    return make


@pytest.fixture
def inferencer_of(model_config: Callable) -> Callable[..., ActionCLIPInferencer]:
    """Function that builds an inferencer, ``inferencer_of('LSTM', ensemble='embed')``."""

    def make(prompt: str = 'MeanP', **head: object) -> ActionCLIPInferencer:
        cfg = model_config(prompt, **head)
        model = build_trained(cfg, None)
        return ActionCLIPInferencer(model, cfg.test_pipeline, device='cpu', temperature=2.0)

    return make


@pytest.fixture
def video(write_video: Callable, tmp_path: Path) -> str:
    return str(write_video(tmp_path / 'clip.mp4'))
