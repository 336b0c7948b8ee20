"""Hooks of the runner."""

from .label_switch_hook import LabelSwitchHook
from .video_visualization_hook import VideoVisualizationHook

__all__ = ['LabelSwitchHook', 'VideoVisualizationHook']
