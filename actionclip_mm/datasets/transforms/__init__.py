"""Transforms that mmaction2 lacks, and its own decoders kept from hanging."""

from ..decoding import UnreadableVideo
from .host_decoders import guard_host_decoders
from .segment_centre_sample import SegmentCentreSample
from .segment_frames import SegmentFrames
from .video_loading import VideoDecode, VideoInit

__all__ = [
    'SegmentCentreSample',
    'SegmentFrames',
    'UnreadableVideo',
    'VideoDecode',
    'VideoInit',
    'guard_host_decoders',
]
