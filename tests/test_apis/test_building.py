"""Building models for inference: the right weights, or one clear sentence."""

import json
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope

from actionclip_mm.apis import ActionCLIPInferencer
from actionclip_mm.apis.building import (
    build_trained,
    build_zero_shot,
    load_strictly,
    read_arch,
    read_model_config,
)
from actionclip_mm.clip import build, build_clip
from actionclip_mm.clip.weight_files import write_weights


def test_arch_of_a_json_file(tmp_path, tiny_arch):
    file = tmp_path / 'tiny.json'
    file.write_text(json.dumps(tiny_arch))
    assert read_arch(str(file)) == tiny_arch
    assert read_arch('ViT-B-16') == 'ViT-B-16'
    assert read_arch(tiny_arch) is tiny_arch
    file.write_text(json.dumps(dict(model_cfg=tiny_arch, preprocess_cfg={})))
    with pytest.raises(ValueError, match='local-dir:FOLDER'):
        read_arch(str(file))
    file.write_text('[1]')
    with pytest.raises(ValueError, match='must hold a JSON object'):
        read_arch(str(file))
    for content in (b'{', b'[' * 100_000, b'1' * 5000):
        file.write_bytes(content)
        with pytest.raises(ValueError, match=r'tiny\.json. is not valid JSON') as error:
            read_arch(str(file))
        assert '\n' not in str(error.value)
    with pytest.raises(FileNotFoundError, match=r'gone\.json'):
        read_arch(str(tmp_path / 'gone.json'))


def test_zero_shot_has_the_weights_of_the_file(tiny_arch, clip_file):
    model = build_zero_shot(tiny_arch, clip_file)
    state = torch.load(clip_file, weights_only=True)
    assert torch.equal(model.backbone.visual.proj, state['visual.proj'])
    assert torch.equal(
        model.cls_head.label_encoder.text.text_projection, state['text.text_projection']
    )


def test_a_folder_of_open_clip(tmp_path, tiny_arch, clip_file):
    content = dict(model_cfg=tiny_arch, preprocess_cfg=dict(mean=[0.5] * 3, std=[0.5] * 3))
    folder = tmp_path / 'model'
    folder.mkdir()
    (folder / 'open_clip_config.json').write_text(json.dumps(content))
    state = torch.load(clip_file, weights_only=True)
    torch.save(state, folder / 'open_clip_pytorch_model.bin')
    model = build_zero_shot(f'local-dir:{folder}', None)
    assert torch.equal(model.backbone.visual.proj, state['visual.proj'])
    assert model.backbone.preprocess.mean == (127.5,) * 3


def test_bad_texts_are_refused_before_weights_are_read(tiny_arch, monkeypatch):
    monkeypatch.setattr(build, 'read_state_dict', lambda path: 1 / 0)
    with pytest.raises(ValueError, match="both 'a'"):
        ActionCLIPInferencer.from_clip(['a', 'a'], tiny_arch, __file__)
    with pytest.raises(FileNotFoundError, match="templates='nothing'"):
        ActionCLIPInferencer.from_clip(['a'], tiny_arch, __file__, templates='nothing')


def test_the_default_scope_is_restored(tiny_arch):
    with DefaultScope.overwrite_default_scope('elsewhere'):
        before = DefaultScope.get_current_instance().scope_name
        build_zero_shot(tiny_arch, None)
        assert DefaultScope.get_current_instance().scope_name == before == 'elsewhere'


def test_pretrained_weights_are_not_read_for_a_trained_model(trained, monkeypatch):
    monkeypatch.setattr(build, 'read_state_dict', lambda path: 1 / 0)
    model = build_trained(read_model_config(trained.config), trained.checkpoint)
    for name, value in trained.model.state_dict().items():
        assert torch.equal(model.state_dict()[name], value), name


def test_unusable_configs_are_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match=r'gone\.py'):
        read_model_config(tmp_path / 'gone.py')
    (tmp_path / 'broken.py').write_text('model = dict(')
    with pytest.raises(ValueError, match=r'broken\.py.* cannot be read: SyntaxError'):
        read_model_config(tmp_path / 'broken.py')
    (tmp_path / 'data.py').write_text('data = dict()')
    with pytest.raises(ValueError, match='has no `model`'):
        read_model_config(tmp_path / 'data.py')


def test_an_unregistered_part_is_named(tmp_path):
    (tmp_path / 'config.py').write_text("model = dict(type='NoSuchModel')")
    with pytest.raises(ValueError, match=r'config\.py. cannot be built \(NoSuchModel is not in'):
        build_trained(read_model_config(tmp_path / 'config.py'), None)


def test_unusable_checkpoints_are_refused(trained, tmp_path):
    state = trained.model.state_dict()
    file = str(tmp_path / 'other.pth')

    def refused(match, kind=ValueError):
        with pytest.raises(kind, match=match) as error:
            load_strictly(trained.model, file)
        assert '\n' not in str(error.value) and file in str(error.value)

    refused('does not exist', FileNotFoundError)
    torch.save(dict(state_dict={n: v for n, v in state.items() if 'neck' not in n}), file)
    refused(r'does not fit .*the file lacks neck\.\S+ and \d+ more\)')
    torch.save(dict(state_dict=state | {'x': torch.ones(1), 'y': torch.ones(1)}), file)
    refused('the model lacks x and 1 more')
    torch.save(dict(state_dict=state | {'backbone.visual.proj': torch.ones(3, 4)}), file)
    refused(r'size mismatch for backbone\.visual\.proj.*\(\[3, 4\]\)')
    torch.save([1], file)
    refused('has no state dict')
    torch.save(dict(state_dict=print), file)
    refused(r'was refused: it holds a pickled \S*print, which could run code')
    (tmp_path / 'other.pth').write_bytes(b'hello' * 100)
    refused('was refused: it is not a checkpoint')
    (tmp_path / 'other.pth').write_bytes(Path(trained.checkpoint).read_bytes()[:5000])
    refused('cannot be read as a checkpoint')


def test_checkpoints_of_several_processes(trained, tmp_path):
    state = {f'module.{name}': value for name, value in trained.model.state_dict().items()}
    torch.save(state, tmp_path / 'bare.pth')
    model = build_trained(Config.fromfile(trained.config), str(tmp_path / 'bare.pth'))
    assert torch.equal(model.backbone.visual.proj, trained.model.backbone.visual.proj)


@pytest.mark.parametrize('suffix', ['.safetensors', '.pth'])
@pytest.mark.parametrize('half', [False, True])
def test_mapped_weights_are_those_of_the_file(tiny_arch, tmp_path, monkeypatch, suffix, half):
    path = tmp_path / f'clip{suffix}'
    state = build_clip(tiny_arch).state_dict()
    if half:  # as OpenAI's
        state = {name: value.half() for name, value in state.items()}
    write_weights(path, state, {})
    mapped = build_zero_shot(tiny_arch, str(path))
    monkeypatch.setenv('ACTIONCLIP_MM_MAP_WEIGHTS', 'off')
    copied = build_zero_shot(tiny_arch, str(path))
    tensors = dict(copied.named_buffers()) | copied.state_dict()
    found = dict(mapped.named_buffers()) | mapped.state_dict()
    assert list(found) == list(tensors) and len(found) > 40
    for name, value in tensors.items():
        assert found[name].dtype is value.dtype and torch.equal(found[name], value), name
    for one, other in zip(mapped.parameters(), copied.parameters(), strict=True):
        assert one.requires_grad is other.requires_grad and one.device == other.device
    path.write_bytes(b'')  # a mapped tensor would end the process
    torch.testing.assert_close(mapped.state_dict(), copied.state_dict(), rtol=0, atol=0)
    monkeypatch.setenv('ACTIONCLIP_MM_MAP_WEIGHTS', '1')
    with pytest.raises(ValueError, match="must be 'on' or 'off'"):
        build_zero_shot(tiny_arch, str(path))


def test_weights_without_a_file_are_random(tiny_arch):
    torch.manual_seed(0)
    first = build_zero_shot(tiny_arch, None).state_dict()
    torch.manual_seed(0)
    second = build_clip(tiny_arch).state_dict()
    assert torch.equal(first['backbone.visual.proj'], second['visual.proj'])
    assert float(first['backbone.visual.conv1.weight'].std()) > 0
