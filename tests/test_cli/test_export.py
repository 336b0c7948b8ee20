"""``actionclip export``: a trained checkpoint becomes files that need no other."""

import errno
import io
import json
import os
from pathlib import Path
from textwrap import dedent

import open_clip
import pytest
import torch
from mmaction.registry import MODELS
from mmengine.config import Config
from mmengine.runner import load_checkpoint
from safetensors.torch import load_file

from actionclip_mm.cli.convert import main as convert_main
from actionclip_mm.cli.export import main as export_main


@pytest.fixture
def trained(tmp_path, clip_file, one_layer_arch):
    """A config whose model begins from OpenAI-like weights, and a checkpoint of it."""
    state = torch.load(clip_file, weights_only=True)
    constants = dict(input_resolution=32, context_length=77, vocab_size=49408)
    state.update({name: torch.tensor(value) for name, value in constants.items()})
    torch.save(state, clip_file)  # with what tells QuickGELU
    (tmp_path / 'labels.txt').write_text('clapHands\nsit\n')
    (tmp_path / 'templates.txt').write_text('{}\na video of {}\n')
    config = tmp_path / 'trained.py'
    config.write_text(
        dedent(f"""
        default_scope = 'mmaction'
        arch = {dict(one_layer_arch, quick_gelu=False)}
        clip = dict(arch=arch, pretrained={str(clip_file)!r})
        model = dict(
            type='CLIPRecognizer',
            backbone=dict(type='CLIPImageEncoder', **clip),
            neck=dict(type='Conv1DPrompt', in_channels=32),
            cls_head=dict(
                type='VideoTextHead',
                in_channels=32,
                label_encoder=dict(
                    type='TextPromptLabelEncoder',
                    labels={str(tmp_path / 'labels.txt')!r},
                    templates={str(tmp_path / 'templates.txt')!r},
                    **clip)))
        """)
    )
    model = MODELS.build(Config.fromfile(config).model).eval()
    torch.save(dict(state_dict=model.state_dict(), optimizer={}), tmp_path / 'epoch_1.pth')
    return model, config, tmp_path / 'epoch_1.pth'


def test_export_needs_nothing_but_its_own_files(trained, tmp_path, clip_file):
    model, config, checkpoint = trained
    out = tmp_path / 'exported' / 'model.safetensors'
    export_main([str(checkpoint), '--config', str(config), str(out)])
    for path in (clip_file, tmp_path / 'labels.txt', tmp_path / 'templates.txt', checkpoint):
        path.unlink()
    cfg = Config.fromfile(out.with_suffix('.py'))
    assert cfg.model.backbone.arch.quick_gelu is True
    assert list(cfg.model.cls_head.label_encoder.labels) == ['clap hands', 'sit']
    again = MODELS.build(cfg.model)
    load_checkpoint(again, cfg.load_from, strict=True)
    video = torch.randn(2, 1, 3, 2, 32, 32)
    with torch.no_grad():
        for a, b in zip(features(model, video), features(again.eval(), video), strict=True):
            assert torch.equal(a, b)
    assert torch.equal(again.data_preprocessor.mean, model.data_preprocessor.mean)


def features(model, video):
    return model.neck(model.backbone(video[:, 0]))[0], model.cls_head.label_encoder()


@pytest.mark.parametrize('kind', ['host', 'unimodal'])
def test_models_with_one_tower_or_none(kind, tmp_path, one_layer_arch, refused):
    backbone = dict(type='CLIPImageEncoder', arch=one_layer_arch)
    head = dict(type='TSNHead', num_classes=3, in_channels=512)
    model = dict(type='Recognizer2D', backbone=dict(type='ResNet', depth=18), cls_head=head)
    if kind == 'unimodal':
        head = dict(type='TimeSformerHead', num_classes=3, in_channels=32)
        neck = dict(type='MeanPPrompt', in_channels=32)
        model = dict(type='CLIPRecognizer', backbone=backbone, neck=neck, cls_head=head)
    state = MODELS.build(model).state_dict()
    torch.save(state, tmp_path / 'epoch_1.pth')
    model['backbone']['pretrained'] = 'gone.pth'
    (tmp_path / 'config.py').write_text(f'model = {model!r}\n')
    out = tmp_path / 'out' / 'model.safetensors'
    args = [str(tmp_path / 'epoch_1.pth'), '--config', str(tmp_path / 'config.py'), str(out)]
    refused(export_main, [*args, '--layout', 'open_clip'], 'needs two CLIP towers')
    export_main(args)
    cfg = Config.fromfile(out.with_suffix('.py'))
    assert cfg.model.backbone.pretrained is None and 'label_encoder' not in cfg.model.cls_head
    load_checkpoint(MODELS.build(cfg.model), cfg.load_from, strict=True)


def test_export_to_open_clip(trained, tmp_path, refused, assert_same_features):
    model, config, checkpoint = trained
    out = tmp_path / 'clip' / 'open_clip_model.safetensors'
    args = [str(checkpoint), '--config', str(config), str(out), '--layout', 'open_clip']
    refused(export_main, args, r'no place for 1 weights \(neck.shift.weight\)')
    export_main([*args, '--allow-partial'])
    assert 'neck.shift.weight' not in load_file(out)
    clip = open_clip.create_model(f'local-dir:{out.parent}').eval()
    assert_same_features(model, clip)


def test_refusals(trained, tmp_path, refused):
    _, config, checkpoint = trained
    out = tmp_path / 'out.safetensors'
    refused(export_main, [tmp_path / 'no.pth', '--config', config, out], 'no such file')
    torch.save(dict(state_dict={'foreign': torch.ones(1)}), checkpoint)
    refused(export_main, [checkpoint, '--config', config, out], 'foreign')
    torch.save(dict(state_dict=print), checkpoint)
    refused(export_main, [checkpoint, '--config', config, out], 'could run code')
    assert not out.exists()


FIXTURES = Path(__file__).resolve().parents[1] / 'data' / 'export_descriptions'


@pytest.mark.parametrize('name', ['code_in_key', 'kinetics_apostrophe', 'substituted'])
def test_names_of_others_come_back(name, tmp_path, one_layer_arch, monkeypatch):
    """Their labels ran as code, ended in a traceback, or became the value of a variable."""
    monkeypatch.chdir(tmp_path)
    labels = (FIXTURES / f'{name}.txt').read_text().splitlines()
    described = FIXTURES / f'{name}.json'
    templates = str(described) if described.exists() else 'prefix'
    encoder = dict(type='TextPromptLabelEncoder', labels=labels, templates=templates)
    encoder.update(arch=one_layer_arch, split_names=False)
    head = dict(type='VideoTextHead', in_channels=32, label_encoder=encoder)
    model = dict(
        type='CLIPRecognizer', backbone=dict(type='CLIPImageEncoder', arch=one_layer_arch),
        neck=dict(type='MeanPPrompt', in_channels=32), cls_head=head,
    )  # fmt: skip
    trained = MODELS.build(model)
    torch.save(trained.state_dict(), tmp_path / 'epoch_1.pth')
    Config(dict(model=model)).dump('config.py')  # as a run does in its work_dir
    export_main(['epoch_1.pth', '--config', 'config.py', 'out/model.safetensors'])
    cfg = Config.fromfile('out/model.py')
    assert cfg.model.cls_head.label_encoder.labels == labels
    again = MODELS.build(cfg.model)
    assert again.cls_head.label_encoder.sentences == trained.cls_head.label_encoder.sentences
    cfg.dump('again.py')
    assert Config.fromfile('again.py').model == cfg.model
    assert not list(tmp_path.rglob('PWNED'))


def test_names_of_files_are_text_of_the_config(tmp_path, one_layer_arch, clip, monkeypatch):
    monkeypatch.chdir(tmp_path)
    name = 'a{{$HOME:none}}"""b\\\'.pt'
    content = io.BytesIO()  # torch takes the backslash for a folder
    torch.save(clip.state_dict(), content)
    Path(name).write_bytes(content.getvalue())
    (tmp_path / 'open_clip_config.json').write_text(json.dumps(dict(model_cfg=one_layer_arch)))
    out = tmp_path / '{{ fileDirname }}.safetensors'
    convert_main([name, str(out), '--labels', '{{$HOME:none}}.txt'])
    cfg = Config.fromfile(out.with_suffix('.py'))
    assert cfg.load_from == str(out) and cfg.labels == '{{$HOME:none}}.txt'


@pytest.mark.parametrize('way', ['pretrained', 'local-dir'])
def test_the_logit_bias_of_pretrained_weights_is_exported(
    way, tmp_path, one_layer_arch, assert_same_features
):
    """A recognizer has no such weight, so it comes from where the towers came from."""
    arch = dict(one_layer_arch, init_logit_bias=-10)
    clip = open_clip.CustomTextCLIP(**arch).eval()
    clip.logit_bias.data.fill_(-12.5)
    folder = tmp_path / 'siglip'
    folder.mkdir()
    torch.save(clip.state_dict(), folder / 'open_clip_pytorch_model.bin')
    (folder / 'open_clip_config.json').write_text(json.dumps(dict(model_cfg=arch)))
    part = dict(arch=f'local-dir:{folder}')
    if way == 'pretrained':
        part = dict(arch=arch, pretrained=str(folder / 'open_clip_pytorch_model.bin'))
    encoder = dict(type='TextPromptLabelEncoder', labels=['clap', 'sit'], **part)
    model = dict(
        type='CLIPRecognizer',
        backbone=dict(type='CLIPImageEncoder', **part),
        cls_head=dict(type='VideoTextHead', in_channels=32, label_encoder=encoder),
    )
    recognizer = MODELS.build(model).eval()
    torch.save(recognizer.state_dict(), tmp_path / 'epoch_1.pth')
    (tmp_path / 'config.py').write_text(f'model = {model!r}\n')
    args = [str(tmp_path / 'epoch_1.pth'), '--config', str(tmp_path / 'config.py')]
    out = tmp_path / 'clip' / 'open_clip_model.safetensors'
    export_main([*args, str(out), '--layout', 'open_clip'])
    again = open_clip.create_model(f'local-dir:{out.parent}').eval()
    assert again.logit_bias.item() == -12.5
    assert_same_features(recognizer, again)
    exported = tmp_path / 'own' / 'model.safetensors'
    export_main([*args, str(exported)])
    assert Config.fromfile(exported.with_suffix('.py')).model.backbone.arch.init_logit_bias == -12.5


@pytest.mark.parametrize('layout', ['actionclip', 'open_clip'])
@pytest.mark.parametrize('suffix', ['.safetensors', '.pth'])
def test_a_full_disk_leaves_nothing(layout, suffix, trained, tmp_path, monkeypatch, refused):
    """One line with the path and the cause, no empty file and no traceback."""

    def fail(*args):
        raise OSError(errno.ENOSPC, 'No space left on device')

    _, config, checkpoint = trained
    out = tmp_path / 'exported' / f'model{suffix}'
    args = [str(checkpoint), '--config', str(config), str(out), '--layout', layout]
    monkeypatch.setattr(os, 'fsync', fail)
    refused(export_main, [*args, '--allow-partial'], f"'{out}' was not written: No space left")
    assert list(out.parent.iterdir()) == []


def test_a_place_that_cannot_be_written_is_found_first(trained, tmp_path, monkeypatch, refused):
    _, config, checkpoint = trained
    monkeypatch.setattr('actionclip_mm.cli.export.run', lambda args: 1 / 0)
    (tmp_path / 'file').touch()
    out = tmp_path / 'file' / 'model.safetensors'
    args = [checkpoint, '--config', config, out]
    refused(export_main, args, f"'{out}' was not written: Not a directory")
