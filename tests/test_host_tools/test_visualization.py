"""What mmaction2's visualizer draws, and for which videos."""

from types import SimpleNamespace

import numpy as np
import torch
from mmaction.apis.inferencers import MMAction2Inferencer
from mmaction.structures import ActionDataSample
from mmaction.visualization import ActionVisualizer

from actionclip_mm.engine.hooks.video_visualization_hook import drawable


def sample(label: int = 1) -> ActionDataSample:
    return ActionDataSample().set_gt_label(label).set_pred_score(torch.tensor([0.25, 0.75]))


def test_samples_carry_the_names_of_the_visualizer() -> None:
    drawn = drawable(sample())
    assert drawn.pred_labels.item.tolist() == [1]
    assert drawn.pred_labels.score.tolist() == [0.25, 0.75]
    assert drawn.gt_label.tolist() == drawn.gt_labels.tolist() == [1]
    assert 'gt_labels' not in drawable(sample(label=-1))


def test_the_prediction_is_drawn() -> None:
    texts = []
    visualizer = ActionVisualizer()
    visualizer.draw_texts = lambda text, **kwargs: texts.append(text)
    visualizer.dataset_meta = dict(classes=['clap', 'wave'])
    frames = np.zeros((1, 32, 32, 3), np.uint8)
    visualizer.add_datasample('video', frames, sample())
    assert texts[-1].endswith('Ground truth: 1 (wave)\nPrediction: 1, 0.75 (wave)')
    # the host's own finds neither
    ActionVisualizer.add_datasample.__wrapped__(visualizer, 'video', frames, sample())
    assert 'wave' not in texts[-1]


def test_every_video_is_drawn() -> None:
    drawn: list = []
    inner = SimpleNamespace(
        visualize=lambda inputs, preds: drawn.extend(zip(inputs, preds, strict=True))
    )
    inferencer = SimpleNamespace(actionrecog_inferencer=inner, mode='rec')
    preds = dict(rec=[['first'], ['second']])
    MMAction2Inferencer.visualize(inferencer, ['a.mp4', 'b.mp4'], preds)
    assert drawn == [('a.mp4', 'first'), ('b.mp4', 'second')]
