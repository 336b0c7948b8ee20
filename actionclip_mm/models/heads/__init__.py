"""Heads that compare videos with texts."""

from .caption_head import CaptionHead
from .video_text_head import VideoTextHead

__all__ = ['CaptionHead', 'VideoTextHead']
