"""Transforms that mmaction2 lacks."""

from .segment_centre_sample import SegmentCentreSample
from .unreadable_video import UnreadableVideo
from .video_loading import VideoDecode, VideoInit

__all__ = ['SegmentCentreSample', 'UnreadableVideo', 'VideoDecode', 'VideoInit']
