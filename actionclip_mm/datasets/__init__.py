"""Data sets that mmaction2 lacks."""

from .image_text_dataset import ImageTextDataset
from .transforms import UnreadableVideo, VideoDecode, VideoInit

__all__ = ['ImageTextDataset', 'UnreadableVideo', 'VideoDecode', 'VideoInit']
