"""Losses between videos and texts."""

from .base_video_text_loss import BaseVideoTextLoss
from .video_all_text_kl_loss import VideoAllTextKLLoss
from .video_text_bce_loss import VideoTextBCELoss
from .video_text_kl_loss import VideoTextKLLoss

__all__ = ['BaseVideoTextLoss', 'VideoAllTextKLLoss', 'VideoTextBCELoss', 'VideoTextKLLoss']
