"""Data sets that mmaction2 lacks."""

from .image_text_dataset import ImageTextDataset

__all__ = ['ImageTextDataset']
