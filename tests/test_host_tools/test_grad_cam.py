"""Grad-CAM finds the patches of a CLIP tower again."""

import pytest
import torch
from mmaction.registry import MODELS
from mmaction.structures import ActionDataSample
from mmaction.utils import GradCAM

from actionclip_mm.host_tools.grad_cam import as_volume


def test_layouts_are_told_apart() -> None:
    volume = torch.randn(2, 5, 3, 4, 4)  # [B, D, T, h, w]
    maps = volume.transpose(1, 2).flatten(0, 1)
    torch.testing.assert_close(as_volume(maps, 2, 3), volume)
    tokens = maps.flatten(2).transpose(1, 2)  # [B·T, h·w, D]
    tokens = torch.cat([torch.zeros(6, 1, 5), tokens], dim=1)
    torch.testing.assert_close(as_volume(tokens, 2, 3), volume)
    joint = torch.cat([torch.zeros(2, 1, 5), volume.flatten(2).transpose(1, 2)], dim=1)
    torch.testing.assert_close(as_volume(joint, 2, 3), volume)
    with pytest.raises(ValueError, match='name a block of the tower'):
        as_volume(torch.randn(6, 5), 2, 3)


@pytest.mark.parametrize('visual_prompt', [None, dict(type='JointPrompt', num_frames=3)])
def test_maps_of_a_video(tiny_arch: dict, visual_prompt: dict | None) -> None:
    clip = dict(arch=tiny_arch)
    encoder = dict(type='TextPromptLabelEncoder', labels=['clap', 'wave'], **clip)
    model = MODELS.build(
        dict(
            type='CLIPRecognizer',
            backbone=dict(type='CLIPImageEncoder', visual_prompt=visual_prompt, **clip),
            neck=dict(type='MeanPPrompt', in_channels=32),
            cls_head=dict(type='VideoTextHead', in_channels=32, label_encoder=encoder),
        )
    )
    pooling = model.cls_head.pool_scores
    cam = GradCAM(model, 'backbone/visual/transformer/resblocks/0')
    video = torch.randint(0, 256, (2, 3, 3, 32, 32), dtype=torch.uint8)  # [V, 3, T, H, W]
    blended, scores = cam(dict(inputs=[video], data_samples=[ActionDataSample().set_gt_label(0)]))
    assert blended.shape == (2, 3, 32, 32, 3)
    assert cam.target_gradients.abs().sum() > 0
    assert scores.shape == (1, 2)
    assert scores.abs().max() > 1, 'not the similarity but a probability'
    assert model.cls_head.pool_scores is pooling
