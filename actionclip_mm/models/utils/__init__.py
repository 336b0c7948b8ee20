"""What several parts share: building CLIP towers and gathering features over processes."""

from .clip_loading import arch_name, build_clip, output_width
from .freezing import freeze_stages
from .gather import gather_rows, global_mean
from .preprocess import CLIPPreprocess, get_preprocess, published_preprocess
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
    'published_preprocess',
]
