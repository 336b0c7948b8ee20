"""Hooks of the runner."""

from .check_weights_hook import CheckWeightsHook
from .exact_resume_hook import ExactResumeHook
from .finite_loss_hook import FiniteLossHook
from .label_switch_hook import LabelSwitchHook
from .metrics_file_hook import MetricsFileHook
from .safe_checkpoint_hook import SafeCheckpointHook
from .video_visualization_hook import VideoVisualizationHook

__all__ = [
    'CheckWeightsHook',
    'ExactResumeHook',
    'FiniteLossHook',
    'LabelSwitchHook',
    'MetricsFileHook',
    'SafeCheckpointHook',
    'VideoVisualizationHook',
]
