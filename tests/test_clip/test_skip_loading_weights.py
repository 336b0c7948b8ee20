"""Weights that a checkpoint overwrites are not read, and yet decide what they decide."""

import json

import pytest
import torch
from open_clip.transformer import QuickGELU

from actionclip_mm.clip import build, build_clip, get_preprocess
from actionclip_mm.clip.hub import skip_loading_weights
from actionclip_mm.clip.state_dict import has_openai_constants


@pytest.fixture
def arch(tiny_arch):
    return dict(tiny_arch, quick_gelu=False, text_cfg=dict(tiny_arch['text_cfg'], vocab_size=64))


@pytest.fixture
def reads(monkeypatch):
    """Every path whose weights were read."""
    paths = []
    read = build.read_state_dict
    monkeypatch.setattr(build, 'read_state_dict', lambda path: paths.append(path) or read(path))
    return paths


def activation(model):
    return type(model.visual.transformer.resblocks[0].mlp.gelu)


class Archive(torch.nn.Module):
    """OpenAI's constants in a scriptable module."""

    def __init__(self):
        super().__init__()
        for name in ('input_resolution', 'context_length', 'vocab_size'):
            self.register_buffer(name, torch.tensor(1))

    def forward(self):
        return self.input_resolution + self.context_length + self.vocab_size


def test_a_file_is_read_outside_only(tmp_path, arch, reads):
    file = str(tmp_path / 'clip.pt')
    model = build_clip(arch)
    torch.save(model.state_dict(), file)
    with skip_loading_weights():
        other = build_clip(arch, file)
    assert reads == []
    assert not torch.equal(other.visual.proj, model.visual.proj)
    assert torch.equal(build_clip(arch, file).visual.proj, model.visual.proj)
    assert reads == [file]


def test_openai_files_keep_their_activation(tmp_path, arch):
    constants = dict.fromkeys(('input_resolution', 'context_length', 'vocab_size'), torch.ones(()))
    torch.save(constants, tmp_path / 'openai.pt')
    torch.save(constants, tmp_path / 'old.pt', _use_new_zipfile_serialization=False)
    torch.jit.script(Archive()).save(str(tmp_path / 'script.pt'))
    torch.save(build_clip(arch).state_dict(), tmp_path / 'other.pt')
    with skip_loading_weights():
        for name in ('openai', 'old', 'script'):
            assert activation(build_clip(arch, str(tmp_path / f'{name}.pt'))) is QuickGELU
        assert activation(build_clip(arch, str(tmp_path / 'other.pt'))) is not QuickGELU
    assert not has_openai_constants(str(tmp_path / 'other.pt'))


def test_a_file_that_is_gone_is_no_obstacle(arch, monkeypatch):
    lines = []
    monkeypatch.setattr('actionclip_mm.clip.build.print_log', lambda text, *_: lines.append(text))
    with skip_loading_weights():
        build_clip(arch, 'gone.pt')
    assert len(lines) == 1 and "'gone.pt'" in lines[0] and 'quickgelu' in lines[0]


def test_a_local_directory(tmp_path, arch):
    model = build_clip(arch)
    (tmp_path / 'open_clip_config.json').write_text(json.dumps(dict(model_cfg=arch)))
    torch.save(model.state_dict(), tmp_path / 'open_clip_pytorch_model.bin')
    name = f'local-dir:{tmp_path}'
    assert torch.equal(build_clip(name).visual.proj, model.visual.proj)
    with skip_loading_weights():
        assert not torch.equal(build_clip(name).visual.proj, model.visual.proj)


def test_a_tag_keeps_activation_and_pixel_statistics(monkeypatch):
    made = []
    monkeypatch.setattr(build.open_clip, 'CustomTextCLIP', lambda **cfg: made.append(cfg))
    monkeypatch.setattr(build, '_create_from_tag', lambda *args: 1 / 0)
    with skip_loading_weights():
        build_clip('ViT-B-16', 'openai')
        build_clip('ViT-B-16', 'laion2b_s34b_b88k')
    assert [cfg.get('quick_gelu', False) for cfg in made] == [True, False]
    assert get_preprocess(torch.nn.Module(), 'ViT-L-14', 'laion2b_s32b_b82k').mean == (127.5,) * 3
