"""Which parameters learn how fast, and which decay."""

from .clip_optim_wrapper_constructor import CLIPOptimWrapperConstructor

__all__ = ['CLIPOptimWrapperConstructor']
