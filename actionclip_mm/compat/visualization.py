"""Predictions are drawn on frames."""

import functools
import inspect
from collections.abc import Callable
from typing import Any

from .replace import is_ours, mark


def labels_under_their_new_names() -> None:
    """ActionVisualizer looks for ``pred_labels`` and ``gt_labels``, which nothing writes any more.

    mmaction2's samples have ``pred_score`` and ``gt_label``; without this, videos of the inferencer
    and of browse_dataset show the number of the frame and nothing else.
    """
    from mmaction.visualization import ActionVisualizer

    draw = ActionVisualizer.add_datasample
    if not is_ours(draw) and "'pred_labels' in data_sample" in _source(draw):
        ActionVisualizer.add_datasample = mark(_with_labels(draw))


def _source(function: Callable) -> str:
    return inspect.getsource(inspect.unwrap(function))


def _with_labels(draw: Callable) -> Callable:
    @functools.wraps(draw)
    def add_datasample(
        self: Any, name: str, video: Any, data_sample: Any = None, *args: Any, **kwargs: Any
    ) -> Any:
        if data_sample is not None:
            data_sample = drawable(data_sample)
        return draw(self, name, video, data_sample, *args, **kwargs)

    return add_datasample


def drawable(sample: Any) -> Any:
    """The labels and scores of an ActionDataSample under the names that the visualizer looks for.

    A label of -1, which the inferencer gives to videos that have none, is left out.
    """
    import torch
    from mmengine.structures import LabelData

    copy = sample.new()
    if 'gt_label' in sample:
        label = torch.as_tensor(sample.gt_label).flatten()
        if (label >= 0).all():
            copy.gt_label = copy.gt_labels = label
    if 'pred_score' in sample:
        score = torch.as_tensor(sample.pred_score).float().cpu()
        copy.pred_labels = LabelData(item=torch.argmax(score).reshape(1), score=score)
    return copy


def every_video_of_the_inferencer() -> None:
    """MMAction2Inferencer hands the predictions of the first video only to its visualizer."""
    from mmaction.apis.inferencers import MMAction2Inferencer

    draw = MMAction2Inferencer.visualize
    if not is_ours(draw) and "preds['rec'][0]" in _source(draw):
        MMAction2Inferencer.visualize = mark(_visualize_all)


def _visualize_all(self: Any, inputs: Any, preds: Any, **kwargs: Any) -> Any:
    samples = [views[0] for views in preds['rec']]
    return self.actionrecog_inferencer.visualize(inputs, samples, **kwargs)
