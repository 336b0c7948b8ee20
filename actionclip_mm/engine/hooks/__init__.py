"""Hooks of the runner."""

from .check_labels_hook import CheckLabelsHook
from .label_switch_hook import LabelSwitchHook
from .video_visualization_hook import VideoVisualizationHook

__all__ = ['CheckLabelsHook', 'LabelSwitchHook', 'VideoVisualizationHook']
