"""Label videos from Python: zero-shot with CLIP weights or with a trained model."""

from .inferencer import ActionCLIPInferencer
from .prediction import NONE_OF_THESE, Prediction
from .video_reading import VideoError

__all__ = ['NONE_OF_THESE', 'ActionCLIPInferencer', 'Prediction', 'VideoError']
