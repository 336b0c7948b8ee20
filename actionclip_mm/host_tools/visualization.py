"""Predictions are drawn on frames."""

import functools
import inspect
from collections.abc import Callable
from typing import Any

from ..compat import fix
from ..engine.hooks.video_visualization_hook import drawable


def _looks_for_old_labels() -> bool:
    from mmaction.visualization import ActionVisualizer

    return "'pred_labels' in data_sample" in inspect.getsource(ActionVisualizer.add_datasample)


@fix(_looks_for_old_labels)
def draw_labels_and_predictions() -> None:
    """ActionVisualizer looks for ``pred_labels`` and ``gt_labels``, which nothing writes any more.

    mmaction2's samples have ``pred_score`` and ``gt_label``; without this, videos of the inferencer
    and of browse_dataset show the number of the frame and nothing else.
    """
    from mmaction.visualization import ActionVisualizer

    ActionVisualizer.add_datasample = _with_labels(ActionVisualizer.add_datasample)


def _with_labels(draw: Callable) -> Callable:
    @functools.wraps(draw)
    def add_datasample(
        self: Any, name: str, video: Any, data_sample: Any = None, *args: Any, **kwargs: Any
    ) -> Any:
        if data_sample is not None:
            data_sample = drawable(data_sample)
        return draw(self, name, video, data_sample, *args, **kwargs)

    return add_datasample


def _draws_first_video() -> bool:
    from mmaction.apis.inferencers import MMAction2Inferencer

    return "preds['rec'][0]" in inspect.getsource(MMAction2Inferencer.visualize)


@fix(_draws_first_video)
def draw_every_video() -> None:
    """MMAction2Inferencer hands the predictions of the first video only to its visualizer."""
    from mmaction.apis.inferencers import MMAction2Inferencer

    MMAction2Inferencer.visualize = _visualize_all


def _visualize_all(self: Any, inputs: Any, preds: Any, **kwargs: Any) -> Any:
    samples = [views[0] for views in preds['rec']]
    return self.actionrecog_inferencer.visualize(inputs, samples, **kwargs)
