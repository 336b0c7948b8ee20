"""The recognizer that wires the figure together."""

from .clip_recognizer import CLIPRecognizer

__all__ = ['CLIPRecognizer']
