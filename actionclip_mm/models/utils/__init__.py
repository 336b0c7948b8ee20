"""What several parts share: building CLIP towers and gathering features over processes."""

from .clip_loading import (
    CLIPPreprocess,
    arch_name,
    build_clip,
    get_preprocess,
    get_tokenizer,
    output_width,
)
from .gather import gather_rows, global_mean

__all__ = [
    'CLIPPreprocess',
    'arch_name',
    'build_clip',
    'gather_rows',
    'get_preprocess',
    'get_tokenizer',
    'global_mean',
    'output_width',
]
