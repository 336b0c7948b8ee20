"""Data sets and transforms that mmaction2 lacks."""

from .image_text_dataset import ImageTextDataset
from .robust_datasets import RobustRawframeDataset, RobustVideoDataset
from .robust_reading import RobustReading, TooManyBadVideos
from .transforms import SegmentCentreSample, SegmentFrames, UnreadableVideo, VideoDecode, VideoInit
from .video_segment_dataset import VideoSegmentDataset

__all__ = [
    'ImageTextDataset',
    'RobustRawframeDataset',
    'RobustReading',
    'RobustVideoDataset',
    'SegmentCentreSample',
    'SegmentFrames',
    'TooManyBadVideos',
    'UnreadableVideo',
    'VideoDecode',
    'VideoInit',
    'VideoSegmentDataset',
]
