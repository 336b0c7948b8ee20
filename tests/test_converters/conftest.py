"""A tiny CLIP and models of it: what files of every layout are made from."""

from collections.abc import Callable

import open_clip
import pytest
import torch
from mmaction.registry import MODELS
from mmengine.config import Config
from torch import Tensor, nn

from actionclip_mm.converters import Converted, write_config_text


@pytest.fixture
def arch() -> dict:
    """Two layers each, heads of 64 channels as shapes suggest, QuickGELU."""
    return dict(
        embed_dim=64,
        quick_gelu=True,
        vision_cfg=dict(image_size=32, patch_size=16, width=128, layers=2, head_width=64),
        text_cfg=dict(context_length=77, vocab_size=512, width=128, heads=2, layers=2),
    )


@pytest.fixture
def clip(arch: dict) -> nn.Module:
    """The CLIP in one piece, with biases and norms that are not at their initial zeros and ones."""
    return scramble(open_clip.CLIP(**arch).eval())


@pytest.fixture
def images() -> Tensor:
    """Six frames."""
    return torch.randn(6, 3, 32, 32)


@pytest.fixture
def tokens() -> Tensor:
    """Two sentences that end with the largest id."""
    tokens = torch.randint(1, 500, (2, 77))
    tokens[0, 5], tokens[1, 9] = 511, 511
    tokens[0, 6:], tokens[1, 10:] = 0, 0
    return tokens


def scramble(model: nn.Module) -> nn.Module:
    """Adds noise to every weight, so that none can be exchanged for another unnoticed."""
    with torch.no_grad():
        for value in model.parameters():
            value.add_(0.05 * torch.randn_like(value))
    return model


def no_tokens(sentences: list[str]) -> Tensor:
    """Stands for CLIP's tokenizer, whose vocabulary is larger than that of the tiny tower."""
    return torch.ones(len(sentences), 77, dtype=torch.long)


def build(converted: Converted, labels: str) -> nn.Module:
    """The recognizer that the written config describes, with the converted weights in it."""
    text = write_config_text(converted, 'file', 'config.py', 'weights.pth', labels)
    cfg = Config.fromstring(text, '.py').model
    cfg.cls_head.label_encoder.tokenizer = no_tokens
    model = MODELS.build(cfg)
    model.load_state_dict(converted.state, strict=True)
    return model.eval()


@pytest.fixture
def features(tmp_path, images, tokens) -> Callable[[Converted], tuple[Tensor, Tensor, Tensor]]:
    """Function: frame [2, 3, D], video [2, D] and text features [2, D] of a converted model."""
    (tmp_path / 'labels.txt').write_text('clap hands\nfall down\n')

    @torch.no_grad()
    def compute(converted: Converted) -> tuple[Tensor, Tensor, Tensor]:
        model = build(converted, str(tmp_path / 'labels.txt'))
        video = images.unflatten(0, (2, 3)).transpose(1, 2)  # [2, 3, T, H, W]
        frames = model.backbone(video)
        return frames, model.neck(frames)[0], model.cls_head.label_encoder.encode_tokens(tokens)

    return compute
