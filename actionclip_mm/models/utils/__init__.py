"""What several parts share: building CLIP towers and gathering features over processes."""

from .clip_loading import (
    CLIPPreprocess,
    arch_name,
    build_clip,
    get_preprocess,
    output_width,
)
from .freezing import freeze_stages
from .gather import gather_rows, global_mean
from .tokenizers import get_tokenizer

__all__ = [
    'CLIPPreprocess',
    'arch_name',
    'build_clip',
    'freeze_stages',
    'gather_rows',
    'get_preprocess',
    'get_tokenizer',
    'global_mean',
    'output_width',
]
