"""Transforms that mmaction2 lacks."""

from ..decoding import UnreadableVideo
from .segment_centre_sample import SegmentCentreSample
from .segment_frames import SegmentFrames
from .video_loading import VideoDecode, VideoInit

__all__ = ['SegmentCentreSample', 'SegmentFrames', 'UnreadableVideo', 'VideoDecode', 'VideoInit']
