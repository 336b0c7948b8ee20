"""The exported module and its files answer as the inferencer, for every kind of head."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from safetensors import safe_open

from actionclip_mm import ActionCLIPInferencer
from actionclip_mm.apis.building import build_trained
from actionclip_mm.deployment import (
    TextSide,
    VideoSide,
    export_bank,
    export_program,
    export_tokenizer,
    export_weights,
    facts_of,
)
from actionclip_mm.deployment.capture import check_torch
from actionclip_mm.deployment.video_side import exportable

HEADS = {
    'prob': dict(),
    'embed': dict(ensemble='embed', average_clips='score'),
    'score': dict(ensemble='score', average_clips=None, test_scale=None),
    'multi-label': dict(multi_class=True, average_clips='max'),
    'sigmoid': dict(
        multi_class=True, scores='sigmoid', test_scale=None,
        loss_cls=dict(type='VideoTextBCELoss'),
    ),
}  # fmt: skip


@pytest.mark.parametrize('kind', HEADS)
def test_every_head_with_its_bank(
    kind: str, inferencer_of: Callable, video: str, tmp_path: Path
) -> None:
    inferencer = inferencer_of(**HEADS[kind])
    export_bank(tmp_path / 'bank.safetensors', inferencer)
    with safe_open(tmp_path / 'bank.safetensors', 'pt') as file:
        text = file.get_tensor('text')
        assert json.loads(file.metadata()['labels']) == ['walk', 'run', 'apply eye makeup']
    assert text.shape == (1 if kind == 'embed' else 2, 3, 32)
    facts = facts_of(inferencer)['preprocessing']
    mean, std = (torch.tensor(facts[name]).view(3, 1, 1, 1) for name in ('mean', 'std'))
    side = VideoSide(inferencer.model, inferencer.matcher.temperature)
    with exportable(side):
        pixels = inferencer.read(video).data['inputs']  # [V, 3, T, H, W]
        scores, features = side(((pixels - mean) / std)[None], text)
    right = inferencer(video, embeddings=True)
    assert scores.flatten().tolist() == pytest.approx(right.scores, abs=1e-5)
    assert features.flatten().tolist() == pytest.approx(right.embedding.tolist(), abs=1e-5)


def test_facts(inferencer_of: Callable) -> None:
    facts = facts_of(inferencer_of(), source_file='epoch_1.pth')
    how = facts['preprocessing']
    assert how['frames'] == 3 and how['views'] == 1 and how['size'] == [32, 32]
    assert how['resize'] == dict(
        short_side=36, interpolation='bicubic', antialias=True, keep_ratio=True
    )
    assert how['sampler'] == dict(type='SegmentCentreSample', clip_len=3, num_clips=1)
    assert how['crop'] == dict(type='CLIPCenterCrop', crop_size=[32, 32])
    assert len(how['mean']) == len(how['std']) == 3 and how['channels'] == 'RGB'
    assert facts['templates'] == ['{}', 'a {} video'] and facts['source_file'] == 'epoch_1.pth'
    assert facts['scores'] == dict(
        kind='softmax', ensemble='prob', average_clips='prob', scale=100.0, temperature=2.0
    )
    assert {'torch', 'actionclip_mm'} <= facts['versions'].keys()


def test_settings_of_training_come_back(model_config: Callable) -> None:
    cfg = model_config()
    cfg.model.backbone.update(frame_chunk=2, with_cp=True)
    model = build_trained(cfg, None)
    model.cls_head.eval()
    side = VideoSide(model)
    before = {name: part.training for name, part in model.named_modules()}
    with exportable(side):
        assert model.backbone.frame_chunk is None and not side.backbone.training
        assert not model.backbone.visual.transformer.grad_checkpointing
    assert model.backbone.frame_chunk == 2
    assert model.backbone.visual.transformer.grad_checkpointing
    assert {name: part.training for name, part in model.named_modules()} == before
    assert hasattr(model.cls_head, 'label_encoder') and not hasattr(side.cls_head, 'label_encoder')


def test_programs_of_torch_export(inferencer_of: Callable, tmp_path: Path) -> None:
    try:
        check_torch()
    except ValueError as error:
        pytest.skip(str(error))
    inferencer = inferencer_of('Transf')
    assert export_program(tmp_path / 'model.pt2', inferencer) < 1e-5
    program = torch.export.load(tmp_path / 'model.pt2').module()
    side = VideoSide(inferencer.model, 2.0)
    for batch, classes in ((1, 1), (8, 5)):
        inputs = torch.randn(batch, 1, 3, 3, 32, 32), torch.randn(16, classes, 32)
        with exportable(side):
            right = side(*inputs)
        for found, value in zip(program(*inputs), right, strict=True):
            torch.testing.assert_close(found, value, rtol=1e-5, atol=1e-5)
    facts = json.loads((tmp_path / 'model.json').read_text())
    assert facts == facts_of(inferencer)


def test_weights_in_one_file_predict_alone(
    inferencer_of: Callable, video: str, tmp_path: Path
) -> None:
    inferencer = inferencer_of('LSTM')
    export_weights(tmp_path / 'model.safetensors', inferencer)
    again = ActionCLIPInferencer(tmp_path / 'model.safetensors', device='cpu')
    assert again.labels == ('walk', 'run', 'apply eye makeup')
    assert again(video).scores == pytest.approx(inferencer(video).scores, abs=1e-6)


def test_models_without_texts_or_videos_are_refused(tiny_arch: dict) -> None:
    backbone = dict(type='CLIPImageEncoder', arch=tiny_arch)
    head = dict(type='TimeSformerHead', num_classes=3, in_channels=32)
    fixed = dict(type='CLIPRecognizer', backbone=backbone, neck=dict(type='MeanPPrompt'))
    model = build_trained(Config(dict(model=dict(fixed, cls_head=head))), None)
    with pytest.raises(ValueError, match='TimeSformerHead compares no texts'):
        VideoSide(model)
    encoder = dict(type='TextPromptLabelEncoder', labels=['a', 'b'], arch=tiny_arch)
    head = dict(type='VideoTextHead', in_channels=512, label_encoder=encoder)
    frames = dict(type='Recognizer2D', backbone=dict(type='ResNet', depth=18), cls_head=head)
    model = build_trained(Config(dict(model=frames)), None)
    with pytest.raises(ValueError, match='Recognizer2D does not take videos'):
        VideoSide(model)


def test_text_towers_that_cannot_stand_alone(inferencer_of: Callable, tmp_path: Path) -> None:
    inferencer = inferencer_of()
    encoder = inferencer.model.cls_head.label_encoder
    encoder.tokenizer = len
    with pytest.raises(ValueError, match="is not CLIP's tokenizer"):
        export_tokenizer(tmp_path / 'tokenizer.json', inferencer)
    encoder.context = torch.nn.Identity()
    with pytest.raises(ValueError, match='learned context vectors'):
        TextSide(inferencer.model)
