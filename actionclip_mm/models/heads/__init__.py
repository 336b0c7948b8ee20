"""Heads that compare videos with texts."""

from .video_text_head import VideoTextHead

__all__ = ['VideoTextHead']
