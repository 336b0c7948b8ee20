"""Loading CLIP: names, dicts, files of every layout, and one clear sentence where it cannot be."""

import json
import pickle

import open_clip
import pytest
import torch
from huggingface_hub import constants
from mmaction.registry import TRANSFORMS
from open_clip.transformer import QuickGELU
from safetensors.torch import save_file

from actionclip_mm.clip import build_clip, get_preprocess, get_tokenizer
from actionclip_mm.clip.hub import cache_only_when_offline
from actionclip_mm.datasets.transforms import resize_and_crop


@pytest.fixture
def arch(tiny_arch):
    return dict(tiny_arch, text_cfg=dict(tiny_arch['text_cfg'], vocab_size=64))


@pytest.fixture
def one_piece_state(arch):
    """State dict in the layout of OpenAI's release: text tower at the top level."""
    return {name: value.clone() for name, value in open_clip.CLIP(**arch).state_dict().items()}


def assert_holds(model, state):
    torch.testing.assert_close(model.visual.proj, state['visual.proj'])
    torch.testing.assert_close(model.text.text_projection, state['text_projection'])
    torch.testing.assert_close(model.logit_scale, state['logit_scale'])


@pytest.mark.parametrize('wrap', [None, 'state_dict', 'model_state_dict'])
@pytest.mark.parametrize('prefix', ['', 'module.'])
def test_torch_files(tmp_path, arch, one_piece_state, wrap, prefix):
    state = {prefix + name: value for name, value in one_piece_state.items()}
    torch.save({wrap: state, 'epoch': 3} if wrap else state, tmp_path / 'clip.pt')
    assert_holds(build_clip(arch, str(tmp_path / 'clip.pt')), one_piece_state)


def test_safetensors_in_half_precision(tmp_path, arch):
    state = {name: v.half() for name, v in build_clip(arch).state_dict().items()}
    save_file(state, tmp_path / 'clip.safetensors')
    model = build_clip(arch, str(tmp_path / 'clip.safetensors'))
    assert model.visual.proj.dtype == torch.float32
    torch.testing.assert_close(model.visual.proj.half(), state['visual.proj'])


def test_openai_archive_brings_quick_gelu(tmp_path, arch, one_piece_state):
    arch = dict(arch, quick_gelu=False)
    constants = dict(input_resolution=32, context_length=77, vocab_size=64)
    state = dict(one_piece_state, **{k: torch.tensor(v) for k, v in constants.items()})
    torch.save(state, tmp_path / 'openai.pt')
    model = build_clip(arch, str(tmp_path / 'openai.pt'))
    assert isinstance(model.visual.transformer.resblocks[0].mlp.gelu, QuickGELU)
    torch.save(one_piece_state, tmp_path / 'other.pt')
    model = build_clip(arch, str(tmp_path / 'other.pt'))
    assert not isinstance(model.visual.transformer.resblocks[0].mlp.gelu, QuickGELU)


def test_torchscript_archive(tmp_path, arch):
    model = build_clip(arch)
    scripted = torch.jit.script(Holder(model.state_dict()))
    scripted.save(str(tmp_path / 'clip.pt'))
    loaded = build_clip(arch, str(tmp_path / 'clip.pt'))
    torch.testing.assert_close(loaded.visual.proj, model.visual.proj)


class Holder(torch.nn.Module):
    """A scriptable tree of buffers that has the state dict of another module."""

    def __init__(self, state):
        super().__init__()
        groups = {}
        for name, value in state.items():
            head, _, rest = name.partition('.')
            if rest:
                groups.setdefault(head, {})[rest] = value
            else:
                self.register_buffer(head, value.detach().clone())
        for head, group in groups.items():
            self.add_module(head, Holder(group))

    def forward(self):
        return 0


class Evil:
    def __reduce__(self):
        return (print, ('code from the file ran',))


def test_a_pickle_that_would_run_code_is_refused(tmp_path, arch, capsys):
    torch.save({'state_dict': Evil()}, tmp_path / 'evil.pt')
    with pytest.raises(ValueError, match='holds more than plain weights'):
        build_clip(arch, str(tmp_path / 'evil.pt'))
    (tmp_path / 'old.pt').write_bytes(pickle.dumps(Evil()))
    with pytest.raises(ValueError, match=r'old\.pt'):
        build_clip(arch, str(tmp_path / 'old.pt'))
    assert 'code from the file ran' not in capsys.readouterr().out


def test_files_that_do_not_fit(tmp_path, arch, one_piece_state):
    torch.save(one_piece_state, tmp_path / 'clip.pt')
    wide = dict(arch, embed_dim=48)
    with pytest.raises(ValueError, match='do not fit a config dict of width 48 .*size mismatch'):
        build_clip(wide, str(tmp_path / 'clip.pt'))
    (tmp_path / 'bytes.pt').write_bytes(b'hello' * 100)  # read as commands: KeyError
    with pytest.raises(ValueError, match=r'bytes\.pt.* damaged'):
        build_clip(arch, str(tmp_path / 'bytes.pt'))
    (tmp_path / 'text.pt').write_text('no weights')
    with pytest.raises(ValueError, match=r'text\.pt'):
        build_clip(arch, str(tmp_path / 'text.pt'))
    (tmp_path / 'bad.safetensors').write_text('no weights')
    with pytest.raises(ValueError, match=r'bad\.safetensors'):
        build_clip(arch, str(tmp_path / 'bad.safetensors'))
    torch.save([1, 2], tmp_path / 'list.pt')
    with pytest.raises(ValueError, match='holds a list'):
        build_clip(arch, str(tmp_path / 'list.pt'))


@pytest.mark.parametrize(
    'arch, pretrained, error, words',
    [
        ('ViT-B-17', None, ValueError, "no model 'ViT-B-17' .near: ViT-B-16"),
        (3, None, TypeError, 'arch is a int'),
        (dict(embed_dim=8), None, ValueError, 'lacks vision_cfg, text_cfg'),
        ('ViT-B-16', 'nowhere.pt', FileNotFoundError, 'neither a file .* nor a tag .*openai'),
        ('ViT-B-16', 3, TypeError, 'pretrained=3'),
    ],
)
def test_bad_names(arch, pretrained, error, words):
    with pytest.raises(error, match=words):
        build_clip(arch, pretrained)


def test_unknown_key_of_a_dict(arch):
    with pytest.raises(ValueError, match='refuses the arch dict .*depth'):
        build_clip(dict(arch, vision_cfg=dict(arch['vision_cfg'], depth=3)))


def test_weights_that_cannot_be_downloaded(monkeypatch):
    def unreachable(*args, **kwargs):
        raise OSError('no network')

    monkeypatch.setattr('open_clip.factory.download_pretrained', unreachable)
    with pytest.raises(FileNotFoundError, match='weights openai of RN50 .*--pretrained FILE'):
        build_clip('RN50', 'openai')


def test_the_hub_is_not_asked_when_it_does_not_answer(monkeypatch):
    def refuse(*args, **kwargs):
        raise OSError('Name or service not known')

    monkeypatch.setattr('socket.create_connection', refuse)
    monkeypatch.setattr('actionclip_mm.clip.hub.getproxies', dict)
    monkeypatch.setattr(constants, 'HF_HUB_OFFLINE', False)
    seen = []
    with cache_only_when_offline():
        seen.append(constants.HF_HUB_OFFLINE)
    assert seen == [True] and constants.HF_HUB_OFFLINE is False


def test_local_directory(tmp_path, arch):
    model = build_clip(arch)
    (tmp_path / 'open_clip_config.json').write_text(json.dumps(dict(model_cfg=arch)))
    with pytest.raises(FileNotFoundError, match='are not on this machine'):
        build_clip(f'local-dir:{tmp_path}')
    save_file(model.state_dict(), tmp_path / 'open_clip_model.safetensors')
    loaded = build_clip(f'local-dir:{tmp_path}')
    torch.testing.assert_close(loaded.visual.proj, model.visual.proj)


@pytest.mark.parametrize(
    'name, mean, resizing',
    [
        ('ViT-B-16', 122.77, ('bicubic', 'shortest')),
        ('ViT-B-16-SigLIP2', 127.5, ('bicubic', 'squash')),
        ('MobileCLIP-S1', 0.0, ('bilinear', 'shortest')),
        ('ViT-L-14-CLIPA', 123.67, ('bilinear', 'squash')),
    ],
)
def test_preprocess_follows_the_published_weights(name, mean, resizing):
    preprocess = get_preprocess(torch.nn.Module(), name)
    assert preprocess.mean[0] == pytest.approx(mean, abs=0.01)
    assert (preprocess.interpolation, preprocess.resize_mode) == resizing


def test_the_published_ways_of_resizing_have_a_transform():
    for name, tag in open_clip.list_pretrained():
        preprocess = get_preprocess(torch.nn.Module(), name, tag)
        for step in resize_and_crop((224, 224), *preprocess[3:]):
            TRANSFORMS.build(step)


def test_preprocess_and_tokenizer_of_a_dict(arch):
    preprocess = get_preprocess(build_clip(arch), arch)
    assert preprocess.size == (32, 32)
    assert preprocess.mean == pytest.approx((122.77, 116.75, 104.09), abs=0.01)
    assert get_tokenizer(arch)(['a video']).shape == (1, 77)
