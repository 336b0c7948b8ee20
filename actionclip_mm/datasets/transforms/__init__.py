"""Transforms that mmaction2 lacks."""

from .unreadable_video import UnreadableVideo
from .video_loading import VideoDecode, VideoInit

__all__ = ['UnreadableVideo', 'VideoDecode', 'VideoInit']
