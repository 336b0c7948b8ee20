"""``actionclip models``: towers, published weights, the cache."""

import json
from pathlib import Path

import open_clip
import pytest
from huggingface_hub import constants

from actionclip_mm.cli import models
from actionclip_mm.clip import build_clip, get_model_config, published


def test_the_usual_towers_and_all_actionclip_weights(capsys) -> None:
    assert models.main([]) == 0
    printed = capsys.readouterr().out
    assert all(arch in printed for arch in models.USUAL)
    assert printed.count('download.openmmlab.com') == 6 and '--arch mini' in printed


def test_names_are_searched(capsys) -> None:
    assert models.main(['b-16-siglip', '--json']) == 0
    content = json.loads(capsys.readouterr().out)
    assert {clip['tag'] for clip in content['clip']} == {'webli'} and not content['actionclip']
    assert models.main(['nothing-like-this']) == 1


def test_every_pair_of_open_clip_has_an_address() -> None:
    clips = list(published.published_clips())
    assert {(clip.arch, clip.tag) for clip in clips} == set(open_clip.list_pretrained())
    assert all(clip.address.startswith('https://') for clip in clips)


def test_files_of_the_cache_are_found(tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.setattr(constants, 'HF_HUB_CACHE', str(tmp_path))
    assert published.cached_file('ViT-B-32', 'openai') is None
    folder = tmp_path / 'models--timm--vit_base_patch32_clip_224.openai'
    snapshot = folder / 'snapshots' / 'abc'
    snapshot.mkdir(parents=True)
    (folder / 'refs').mkdir()
    (folder / 'refs' / 'main').write_text('abc')
    (snapshot / 'open_clip_model.safetensors').touch()
    found = published.cached_file('ViT-B-32', 'openai')
    assert found == str(snapshot / 'open_clip_model.safetensors')
    assert models.main(['--cached']) == 0 and found in capsys.readouterr().out


@pytest.mark.parametrize(
    ('arch', 'counted'),  # parameters of open_clip.create_model(arch)
    [('ViT-B-32', 151_277_313), ('ViT-B-16', 149_620_737), ('ViT-L-14', 427_616_513)],
)
def test_parameters_are_estimated_within_two_per_cent(arch: str, counted: int) -> None:
    estimate = published.estimate_parameters(get_model_config(arch))
    assert estimate == pytest.approx(counted, rel=0.02)


def test_missing_weights_say_where_they_are(monkeypatch) -> None:
    monkeypatch.setattr(constants, 'HF_HUB_OFFLINE', True)
    with pytest.raises(FileNotFoundError) as error:
        build_clip('ViT-B-32-quickgelu', 'metaclip_400m')
    said = str(error.value)
    for part in ('vit_base_patch32_clip_224.metaclip_400m', '--pretrained FILE', 'HF_ENDPOINT'):
        assert part in said
