"""Losses between videos and texts."""

from .video_text_kl_loss import VideoTextKLLoss

__all__ = ['VideoTextKLLoss']
