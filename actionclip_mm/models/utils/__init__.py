"""What several parts share: building CLIP towers and gathering features over processes."""

from .clip_loading import (
    CLIPPreprocess,
    arch_name,
    build_clip,
    get_preprocess,
    get_tokenizer,
    output_width,
)
from .gather import gather_with_grad

__all__ = [
    'CLIPPreprocess',
    'arch_name',
    'build_clip',
    'gather_with_grad',
    'get_preprocess',
    'get_tokenizer',
    'output_width',
]
