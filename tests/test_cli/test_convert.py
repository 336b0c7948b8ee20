"""``actionclip convert``: files in, checkpoint and config out."""

import json

import numpy as np
import open_clip
import pytest
import torch
from mmaction.registry import MODELS
from mmengine.config import Config
from mmengine.runner import Runner, load_checkpoint

from actionclip_mm.cli.convert import main as convert_main
from actionclip_mm.models.text.prompt_templates import ACTIONCLIP_16

EXACT = dict(rtol=1e-5, atol=1e-5)


@pytest.fixture
def to_actionclip(tmp_path):
    """Function: converts a file and gives the model that the written config and weights make."""
    (tmp_path / 'labels.txt').write_text('clap hands\nfall down\nsit\nstand\nrun\n')
    main = convert_main

    def convert(source, *args, suffix='.safetensors', tokenizer=None):
        out = tmp_path / f'converted{suffix}'
        main([str(source), str(out), '--labels', str(tmp_path / 'labels.txt'), *args])
        cfg = Config.fromfile(out.with_suffix('.py'))
        cfg.model.cls_head.label_encoder.tokenizer = tokenizer
        model = MODELS.build(cfg.model)
        load_checkpoint(model, str(out), map_location='cpu', strict=True)
        assert cfg.load_from == str(out)
        return model.eval()

    return convert


@torch.no_grad()
def test_released_checkpoint_gives_the_released_numbers(golden, to_actionclip):
    folder = golden('official_parity')
    model = to_actionclip(
        folder / 'checkpoint_transf.pt',
        tokenizer=lambda sentences: torch.ones(len(sentences), 77, dtype=torch.long),
    )
    inputs = {k: torch.from_numpy(v) for k, v in np.load(folder / 'inputs.npz').items()}
    expected = np.load(folder / 'expected_Transf.npz')
    expected = {name: torch.from_numpy(value) for name, value in expected.items()}
    frames = model.backbone(inputs['video'].transpose(1, 2))
    video, _ = model.neck(frames)
    text = model.cls_head.label_encoder.encode_tokens(inputs['tokens'])
    torch.testing.assert_close(frames, expected['frame_features'], **EXACT)
    torch.testing.assert_close(video, expected['video_features'], **EXACT)
    torch.testing.assert_close(text, expected['text_features'], **EXACT)


@pytest.mark.parametrize('suffix', ['.safetensors', '.pth'])
def test_openai_state_dict(clip, clip_file, to_actionclip, suffix, capsys, assert_same_features):
    model = to_actionclip(clip_file, '--source', 'openai', suffix=suffix)
    assert_same_features(model, clip)
    said = capsys.readouterr().out
    assert said.count('SHA-256') == 2 and 'actionclip test' in said


@pytest.mark.filterwarnings('ignore::torch.jit.TracerWarning')
def test_openai_torchscript_archive(clip, tmp_path, to_actionclip, capsys, assert_same_features):
    for name, value in dict(input_resolution=32, context_length=77, vocab_size=49408).items():
        vars(clip).pop(name, None)  # open_clip keeps some as plain numbers
        clip.register_buffer(name, torch.tensor(value))
    archive = torch.jit.trace_module(clip, dict(encode_image=torch.randn(1, 3, 32, 32)))
    archive.save(str(tmp_path / 'ViT.pt'))
    assert_same_features(to_actionclip(tmp_path / 'ViT.pt'), clip)
    assert "layout   OpenAI's CLIP" in capsys.readouterr().out


def test_open_clip_folder(tmp_path, to_actionclip, assert_same_features, one_layer_arch):
    arch = dict(
        one_layer_arch,
        quick_gelu=False,
        vision_cfg=dict(one_layer_arch['vision_cfg'], head_width=16),
    )
    clip = open_clip.CLIP(**arch).eval()
    torch.save(clip.state_dict(), tmp_path / 'open_clip_pytorch_model.bin')
    pixels = dict(mean=[0.5] * 3, std=[0.5] * 3)
    content = json.dumps(dict(model_cfg=arch, preprocess_cfg=pixels))
    (tmp_path / 'open_clip_config.json').write_text(content)
    model = to_actionclip(tmp_path / 'open_clip_pytorch_model.bin')
    assert_same_features(model, clip)
    assert model.data_preprocessor.mean.flatten().tolist() == [127.5] * 3


def test_the_written_config_tests_videos(clip_file, to_actionclip, write_video, tmp_path):
    """Its pipeline, hooks and `load_from` work as they stand, but for the paths of the data."""
    model = to_actionclip(clip_file, '--source', 'openai', '--frames', '4')
    for index in range(2):
        write_video(tmp_path / 'videos' / f'{index}.mp4')
    (tmp_path / 'videos' / '2.mp4').write_bytes(b'cut off')
    (tmp_path / 'test.txt').write_text('0.mp4 0\n1.mp4 3\n2.mp4 1\n')
    cfg = Config.fromfile(tmp_path / 'converted.py')
    cfg.test_dataloader.update(num_workers=0)
    cfg.test_dataloader.dataset.update(
        ann_file=str(tmp_path / 'test.txt'), data_prefix=dict(video=str(tmp_path / 'videos'))
    )
    cfg.update(work_dir=str(tmp_path / 'work'), experiment_name=f'converted_{tmp_path.name}')
    runner = Runner.from_cfg(cfg)
    metrics = runner.test()
    assert 'acc/top1' in metrics
    # as in the shipped configs, a video that cannot be read is counted, not left out
    counts = [metrics[f'videos/{name}'] for name in ('listed', 'scored', 'failed')]
    assert counts == [3, 3, 1]
    sampler = runner.test_dataloader.dataset.pipeline.transforms[1]
    assert sampler._get_sample_clips(8).tolist() == [0, 2, 4, 6]  # the released code's frames
    for name, value in model.state_dict().items():
        assert torch.equal(runner.model.state_dict()[name].cpu(), value), name


def test_refusals(clip, clip_file, tmp_path, refused):
    main, out = convert_main, tmp_path / 'out.pth'
    refused(main, [clip_file, out], '--source openai or open_clip')
    refused(main, [tmp_path / 'no.pt', out], 'no such file')
    refused(main, [clip_file, tmp_path / 'out.bin', '--source', 'openai'], 'Unsupported suffix')
    torch.save(clip.state_dict() | {'foreign': torch.ones(1)}, tmp_path / 'more.pt')
    refused(main, [tmp_path / 'more.pt', out, '--source', 'openai'], 'a place: foreign')
    assert not out.exists()
    args = [str(tmp_path / 'more.pt'), str(out), '--source', 'openai', '--allow-partial']
    main(args)
    refused(main, args, 'exists: choose another name')
    main([*args, '--force'])


@pytest.fixture
def released(clip, tmp_path):
    """A file in the released layout."""
    fusion = MODELS.build(dict(type='TransfPrompt', in_channels=32, num_layers=1))
    content = dict(model_state_dict=clip.state_dict(), fusion_model_state_dict=fusion.state_dict())
    torch.save(content, tmp_path / 'released.pt')
    return tmp_path / 'released.pt'


@pytest.mark.parametrize('option', [(), ('--label-names', 'as-given'), ('--label-names', 'split')])
@pytest.mark.parametrize('source', ['actionclip', 'openai'])
def test_label_names(released, clip_file, tmp_path, capsys, source, option):
    """The config feeds exactly the sentences that were asked for, by default those of training."""
    given = ['ApplyEyeMakeup', 'YoYo', 'clap hands', 'Archery']
    split = ['apply eye makeup', 'yo yo', 'clap hands', 'Archery']
    (tmp_path / 'ucf.txt').write_text('\n'.join(given))
    file = released if source == 'actionclip' else clip_file
    out = tmp_path / 'out.safetensors'
    args = ['--source', source, '--labels', str(tmp_path / 'ucf.txt')]
    convert_main([str(file), str(out), *args, *option])
    splits = 'split' in option or (source == 'openai' and not option)
    model = MODELS.build(Config.fromfile(out.with_suffix('.py')).model)
    names = split if splits else given
    assert model.cls_head.label_encoder.sentences == [
        [template.replace('{}', name) for template in ACTIONCLIP_16] for name in names
    ]
    said = capsys.readouterr().out
    assert (
        f'names    {"split into words" if splits else "as given"} (--label-names): 2 of 4' in said
    )
    assert f'ApplyEyeMakeup is fed as "{names[0]}"' in said


def test_names_with_underscores_are_split(released, tmp_path, capsys):
    """HMDB51's folders have them, the released list has spaces."""
    (tmp_path / 'hmdb.txt').write_text('brush_hair\nclimb_stairs\nrun\n')
    args = [str(released), str(tmp_path / 'out.pth'), '--labels', str(tmp_path / 'hmdb.txt')]
    convert_main(args)
    said = capsys.readouterr().out
    assert 'brush_hair is fed as "brush hair"' in said and 'set that of their training' in said
    assert Config.fromfile(tmp_path / 'out.py').split_names is True


def test_dropping_the_visual_prompt_is_asked_for_and_told(released, tmp_path, capsys, refused):
    main, out = convert_main, tmp_path / 'out.pth'
    args = [str(released), str(out)]
    refused(main, [*args, '--source', 'openai', '--allow-partial'], '--drop-visual-prompt')
    assert not out.exists()
    assert main([*args, '--drop-visual-prompt']) == 3
    said = capsys.readouterr().out
    assert 'prompt   MeanPPrompt' in said and 'DROPPED  13: neck.frame_position_embeddings' in said
    assert out.exists()


def test_allow_partial_lists_names(clip, tmp_path, capsys):
    state = clip.state_dict() | {'foreign': torch.ones(1)}
    del state['logit_scale']
    torch.save(state, tmp_path / 'partial.pt')
    out = str(tmp_path / 'out.pth')
    convert_main([str(tmp_path / 'partial.pt'), out, '--source=openai', '--allow-partial'])
    said = capsys.readouterr().out
    assert 'LEFT OUT 1: foreign' in said and 'stay random: cls_head.logit_scale' in said
    assert "Label file 'labels.txt' does not exist yet" in said


def test_frames_that_the_weights_forbid(clip, tmp_path, refused):
    fusion = MODELS.build(dict(type='TransfClsPrompt', in_channels=32, num_frames=4, num_layers=1))
    content = dict(model_state_dict=clip.state_dict(), fusion_model_state_dict=fusion.state_dict())
    torch.save(content, tmp_path / 'released.pt')
    args = [tmp_path / 'released.pt', tmp_path / 'out.pth', '--frames', 8]
    refused(convert_main, args, 'has weights for 4 frames')
    assert not (tmp_path / 'out.pth').exists()
