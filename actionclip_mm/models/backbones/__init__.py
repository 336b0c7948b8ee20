"""CLIP's image tower over the frames of a video."""

from .clip_image_encoder import CLIPImageEncoder

__all__ = ['CLIPImageEncoder']
