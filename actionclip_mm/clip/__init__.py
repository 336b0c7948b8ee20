"""CLIP by open_clip, whose only importer this package is: towers, weights, tokenizers, settings."""

from open_clip import (
    OPENAI_DATASET_MEAN,
    OPENAI_DATASET_STD,
    OPENAI_IMAGENET_TEMPLATES,
    SIMPLE_IMAGENET_TEMPLATES,
    SimpleTokenizer,
    list_models,
)
from open_clip.model import CLIPTextCfg, CLIPVisionCfg
from open_clip.modified_resnet import Bottleneck
from open_clip.transformer import (
    CustomResidualAttentionBlock,
    PatchDropout,
    QuickGELU,
    ResidualAttentionBlock,
    Transformer,
    VisionTransformer,
)

from .arch import DEFAULT_ARCH, Arch, arch_name, clean_name, get_model_config
from .build import build_clip, output_width
from .freezing import freeze_stages
from .settings import CLIPPreprocess, get_preprocess, published_preprocess
from .tokenizers import get_tokenizer

__all__ = [
    'DEFAULT_ARCH',
    'OPENAI_DATASET_MEAN',
    'OPENAI_DATASET_STD',
    'OPENAI_IMAGENET_TEMPLATES',
    'SIMPLE_IMAGENET_TEMPLATES',
    'Arch',
    'Bottleneck',
    'CLIPPreprocess',
    'CLIPTextCfg',
    'CLIPVisionCfg',
    'CustomResidualAttentionBlock',
    'PatchDropout',
    'QuickGELU',
    'ResidualAttentionBlock',
    'SimpleTokenizer',
    'Transformer',
    'VisionTransformer',
    'arch_name',
    'build_clip',
    'clean_name',
    'freeze_stages',
    'get_model_config',
    'get_preprocess',
    'get_tokenizer',
    'list_models',
    'output_width',
    'published_preprocess',
]
