"""Heads of Transf in every shipped config: the released rule, read from open_clip's model table."""

from pathlib import Path

import open_clip
import pytest
import torch
from mmaction.registry import MODELS
from mmengine.config import Config

from actionclip_mm.models.necks.visual_prompt_transf import transf_heads

CONFIGS = Path(__file__).resolve().parents[2] / 'configs'
WITH_MODEL = sorted(
    str(path.relative_to(CONFIGS))
    for path in CONFIGS.rglob('*.py')
    if 'TransfPrompt' in str(Config.fromfile(path).get('model', ''))
)
# (widths of embedding and text) of models whose heads by the rule do not divide the embedding:
# the released code cannot be built on them
INDIVISIBLE = {
    'coca_base': (512, 768),
    'EVA01-g-14': (1024, 768),
    'EVA02-E-14-plus': (1024, 1280),
    'ViT-gopt-16-SigLIP2-256': (1536, 1152),
    'ViT-gopt-16-SigLIP2-384': (1536, 1152),
}


def widths(name: str) -> tuple[int, int | None]:
    """Of embedding and text tower; language models of Hugging Face have theirs elsewhere."""
    cfg = open_clip.get_model_config(name)
    text = cfg['text_cfg']
    return cfg['embed_dim'], None if 'hf_model_name' in text else text.get('width', 512)


def built_heads(model: Config) -> int:
    """Heads of the neck of a config as ``CLIPRecognizer`` builds it."""
    embedding, text = widths(model.backbone.arch)
    with torch.device('meta'):
        neck = MODELS.build(dict(model.neck, in_channels=embedding))
    neck.set_text_width(text)
    return neck.num_heads


@pytest.mark.parametrize('config', WITH_MODEL)
def test_configs_get_the_released_heads(config: str) -> None:
    model = Config.fromfile(CONFIGS / config).model
    if config.startswith('mini/') or 'mini' in Path(config).stem:
        assert model.neck.num_heads == 4  # the mini CLIP is this project's own
    elif isinstance(model.backbone.get('arch'), str):
        assert built_heads(model) == widths(model.backbone.arch)[1] // 64


def test_rn50_is_among_them() -> None:
    """Its embedding of 1024 would suggest 16 heads."""
    config = 'actionclip/actionclip_rn50_transf_k400_8f.py'
    assert config in WITH_MODEL and len(WITH_MODEL) > 20
    assert built_heads(Config.fromfile(CONFIGS / config).model) == 8


def test_the_rule_over_all_models_of_open_clip() -> None:
    indivisible = {}
    for name in open_clip.list_models():
        embedding, text = widths(name)
        if text is not None and embedding % transf_heads(text):
            indivisible[name] = (embedding, text)
    assert indivisible == INDIVISIBLE
