"""Pixels and settings come from the folder of the weights, or from published weights."""

import json
from collections.abc import Callable
from pathlib import Path

import open_clip
import pytest
import torch

from actionclip_mm.clip import build_clip, get_preprocess, published_preprocess
from actionclip_mm.models.backbones import CLIPImageEncoder

HALF = dict(mean=[0.5] * 3, std=[0.25] * 3, interpolation='bilinear', resize_mode='squash')


@pytest.fixture
def folder(tiny_arch: dict, tmp_path: Path) -> Path:
    """A folder of open_clip with its own pixels."""
    torch.save(build_clip(tiny_arch).state_dict(), tmp_path / 'open_clip_pytorch_model.bin')
    content = dict(model_cfg=tiny_arch, preprocess_cfg=HALF)
    (tmp_path / 'open_clip_config.json').write_text(json.dumps(content))
    return tmp_path


def test_pixels_of_a_folder(folder: Path, tiny_arch: dict) -> None:
    weights = folder / 'open_clip_pytorch_model.bin'
    by_file = CLIPImageEncoder(arch=tiny_arch, pretrained=str(weights)).preprocess
    assert by_file.mean == (127.5,) * 3 and by_file.std == (63.75,) * 3
    assert (by_file.interpolation, by_file.resize_mode) == ('bilinear', 'squash')
    assert CLIPImageEncoder(arch=f'local-dir:{folder}').preprocess == by_file
    other = weights.rename(folder / 'mine.pt')  # not a name of open_clip's
    preprocess = CLIPImageEncoder(arch=tiny_arch, pretrained=str(other)).preprocess
    assert preprocess.mean[0] == pytest.approx(255 * open_clip.OPENAI_DATASET_MEAN[0])


def test_settings_of_a_folder_that_no_shape_shows(folder: Path, tiny_arch: dict) -> None:
    weights = str(folder / 'open_clip_pytorch_model.bin')
    text = dict(tiny_arch['text_cfg'])
    vision = dict(tiny_arch['vision_cfg'])
    changes = {
        'quick_gelu': dict(quick_gelu=not tiny_arch.get('quick_gelu', False)),
        'text_cfg.heads': dict(text_cfg=dict(text, heads=1)),
        'text_cfg.pool_type': dict(text_cfg=dict(text, pool_type='last')),
        'text_cfg.no_causal_mask': dict(text_cfg=dict(text, no_causal_mask=True)),
        'vision_cfg.norm_kwargs': dict(vision_cfg=dict(vision, norm_kwargs=dict(eps=1e-3))),
    }
    for key, change in changes.items():
        with pytest.raises(ValueError, match=rf"has {key} .* set arch to 'local-dir:"):
            build_clip(tiny_arch | change, weights)


def test_published_pixels(log: Callable[[], str], tmp_path: Path) -> None:
    siglip = open_clip.get_model_config('ViT-B-16-SigLIP')
    assert get_preprocess(torch.nn.Module(), siglip).mean == (127.5,) * 3
    assert published_preprocess('ViT-B-32') == published_preprocess(
        dict(open_clip.get_model_config('ViT-B-32'), quick_gelu=True)
    )
    assert len(published_preprocess('ViT-L-14')) == 2  # one of its tags has another mean
    (tmp_path / 'file.pt').write_bytes(b'')
    get_preprocess(torch.nn.Module(), 'ViT-B-32', str(tmp_path / 'file.pt'))
    assert 'does not tell its own' not in log()
    get_preprocess(torch.nn.Module(), 'ViT-L-14', str(tmp_path / 'file.pt'))
    assert 'does not tell its own' in log()
