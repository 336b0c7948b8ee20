"""Frames with predictions are written for both layouts of packed videos."""

from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import torch
from mmaction.registry import HOOKS, VISUALIZERS
from mmaction.structures import ActionDataSample
from mmengine.visualization import Visualizer
from torch import Tensor

from actionclip_mm.engine.hooks.video_visualization_hook import first_view


@pytest.fixture(autouse=True)
def visualizer(monkeypatch: pytest.MonkeyPatch) -> None:
    """The visualizer that the runner would have made."""
    instance = VISUALIZERS.build(dict(type='ActionVisualizer', name='hook'))
    monkeypatch.setattr(Visualizer, 'get_current_instance', lambda: instance)


@pytest.fixture
def videos() -> Tensor:
    """Two videos of two views: [N, V, 3, T, H, W] = [2, 2, 3, 4, 48, 64]."""
    return torch.randint(0, 256, (2, 2, 3, 4, 48, 64), dtype=torch.uint8)


@pytest.fixture
def samples() -> list[ActionDataSample]:
    samples = []
    for index, score in enumerate(([0.75, 0.25], [0.25, 0.75])):
        sample = ActionDataSample().set_gt_label(index).set_pred_score(torch.tensor(score))
        sample.set_metainfo(dict(filename=f'/videos/{index}.mp4'))
        samples.append(sample)
    return samples


def test_first_view_of_either_layout(videos: Tensor) -> None:
    frames = first_view(videos[0])  # [T, H, W, 3]
    assert frames.shape == (4, 48, 64, 3)
    np.testing.assert_array_equal(frames[1, :, :, 2], videos[0, 0, 2, 1].numpy())
    as_2d = videos[0, 0].transpose(0, 1)  # [T, 3, H, W]
    np.testing.assert_array_equal(first_view(as_2d), frames)


def test_writes_one_picture_per_frame(videos: Tensor, samples: list, tmp_path: Path) -> None:
    hook = HOOKS.build(
        dict(type='VideoVisualizationHook', enable=True, interval=1, out_dir=str(tmp_path))
    )
    encoder = SimpleNamespace(labels=('clap hands', 'wave'))
    model = SimpleNamespace(cls_head=SimpleNamespace(label_encoder=encoder))
    runner = SimpleNamespace(model=model)
    hook.before_test(runner)
    hook.after_test_iter(runner, 0, dict(inputs=list(videos)), samples)
    pictures = sorted(tmp_path.rglob('*.png'))
    assert len(pictures) == 2 * 4
    assert {'0.mp4', '1.mp4'} <= {part for path in pictures for part in path.parts}
    picture = cv2.imread(str(pictures[0]))
    assert picture.shape == (48, 64, 3)
    # the text covers part of the frame, the rest is the frame
    frame = first_view(videos[0])[0][..., ::-1]
    assert 0 < np.any(picture != frame, -1).mean() < 1


def test_disabled_it_draws_nothing(videos: Tensor, samples: list, tmp_path: Path) -> None:
    hook = HOOKS.build(dict(type='VideoVisualizationHook', out_dir=str(tmp_path)))
    hook.after_test_iter(SimpleNamespace(), 0, dict(inputs=list(videos)), samples)
    assert not list(tmp_path.iterdir())


def test_a_smaller_last_batch_overwrites_nothing(
    videos: Tensor, samples: list, tmp_path: Path
) -> None:
    hook = HOOKS.build(
        dict(type='VideoVisualizationHook', enable=True, interval=1, out_dir=str(tmp_path))
    )
    hook.before_test(SimpleNamespace(model=None))
    unnamed = [ActionDataSample().set_pred_score(sample.pred_score) for sample in samples]
    hook.after_test_iter(SimpleNamespace(), 0, dict(inputs=list(videos)), unnamed)
    hook.after_test_iter(SimpleNamespace(), 1, dict(inputs=list(videos[:1])), unnamed[:1])
    assert sorted(path.name for path in tmp_path.iterdir()) == ['0', '1', '2']
