"""Hooks of the runner."""

from .check_labels_hook import CheckLabelsHook
from .check_weights_hook import CheckWeightsHook
from .label_switch_hook import LabelSwitchHook
from .metrics_file_hook import MetricsFileHook
from .video_visualization_hook import VideoVisualizationHook

__all__ = [
    'CheckLabelsHook',
    'CheckWeightsHook',
    'LabelSwitchHook',
    'MetricsFileHook',
    'VideoVisualizationHook',
]
