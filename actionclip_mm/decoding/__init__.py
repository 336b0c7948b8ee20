"""Decode video files: the same frames whatever decoder reads them."""

from .errors import UnreadableVideo
from .time_limit import within
from .video import DECODERS, INSTALLED, Video, check_decoders
from .video_index import VideoIndex, check_header, read_index

__all__ = [
    'DECODERS',
    'INSTALLED',
    'UnreadableVideo',
    'Video',
    'VideoIndex',
    'check_decoders',
    'check_header',
    'read_index',
    'within',
]
