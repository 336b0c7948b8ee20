"""Transforms that mmaction2 lacks."""

from ...decoding import UnreadableVideo
from .clip_resize import CLIPCenterCrop, CLIPResize, resize_and_crop
from .fast_torchvision import FastTorchVisionWrapper
from .frame_features import LoadFrameFeatures
from .segment_sampling import SegmentCentreSample, SegmentFrames, SegmentRandomSample
from .video_loading import VideoDecode, VideoInit

__all__ = [
    'CLIPCenterCrop',
    'CLIPResize',
    'FastTorchVisionWrapper',
    'LoadFrameFeatures',
    'SegmentCentreSample',
    'SegmentFrames',
    'SegmentRandomSample',
    'UnreadableVideo',
    'VideoDecode',
    'VideoInit',
    'resize_and_crop',
]
