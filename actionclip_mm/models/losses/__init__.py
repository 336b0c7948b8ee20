"""Losses between videos and texts."""

from .video_all_text_kl_loss import VideoAllTextKLLoss
from .video_text_bce_loss import VideoTextBCELoss
from .video_text_kl_loss import VideoTextKLLoss

__all__ = ['VideoAllTextKLLoss', 'VideoTextBCELoss', 'VideoTextKLLoss']
