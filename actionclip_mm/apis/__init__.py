"""Calling a model on video files: zero-shot from CLIP weights or from a trained checkpoint."""

from .prediction import Prediction
from .predictor import ActionCLIPPredictor
from .video_reading import VideoError

__all__ = ['ActionCLIPPredictor', 'Prediction', 'VideoError']
