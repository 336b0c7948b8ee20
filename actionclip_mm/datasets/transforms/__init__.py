"""Transforms that mmaction2 lacks, and its own decoders kept from hanging."""

from ...decoding import UnreadableVideo
from .clip_resize import CLIPCenterCrop, CLIPResize, resize_and_crop
from .host_decoders import guard_host_decoders
from .image_budget import guard_images
from .segment_centre_sample import SegmentCentreSample
from .segment_frames import SegmentFrames
from .segment_random_sample import SegmentRandomSample
from .video_loading import VideoDecode, VideoInit

__all__ = [
    'CLIPCenterCrop',
    'CLIPResize',
    'SegmentCentreSample',
    'SegmentFrames',
    'SegmentRandomSample',
    'UnreadableVideo',
    'VideoDecode',
    'VideoInit',
    'guard_host_decoders',
    'guard_images',
    'resize_and_crop',
]
