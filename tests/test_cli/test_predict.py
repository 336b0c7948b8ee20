"""``actionclip predict``: answers, exit codes, one line per error, clean stdout."""

import json
import os
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from mmaction.registry import MODELS
from mmengine.logging import MMLogger

from actionclip_mm.cli import predict
from actionclip_mm.clip import build_clip, hub

VIDEOS = Path(__file__).resolve().parents[3] / 'shared' / 'videos'


@pytest.fixture(scope='module', autouse=True)
def logger():
    """Created before a test replaces stdout, which the logger keeps."""
    return MMLogger.get_current_instance()


@pytest.fixture
def clip(tiny_arch, tmp_path):
    """Options for a tiny CLIP: a JSON file and a weight file."""
    (tmp_path / 'tiny.json').write_text(json.dumps(tiny_arch))
    torch.save(build_clip(tiny_arch).state_dict(), tmp_path / 'tiny.pt')
    return ['--arch', tmp_path / 'tiny.json', '--pretrained', tmp_path / 'tiny.pt']


@pytest.fixture(scope='module')
def video(write_video, tmp_path_factory):
    return write_video(tmp_path_factory.mktemp('video') / 'clip.mp4')


@pytest.fixture
def call(capsys):
    """Function that runs the command in this process: exit code, lines of stdout and stderr."""

    def run(*argv):
        try:
            code = predict.main([str(arg) for arg in argv])
        except SystemExit as stop:
            code = stop.code
        printed = capsys.readouterr()
        return SimpleNamespace(
            code=code, out=printed.out.splitlines(), err=printed.err.splitlines()
        )

    return run


@pytest.fixture
def trained(tiny_arch, tmp_path):
    """Options for a trained model of three classes."""
    cfg = dict(
        type='CLIPRecognizer',
        backbone=dict(type='CLIPImageEncoder', arch=tiny_arch),
        neck=dict(type='MeanPPrompt', in_channels=32),
        cls_head=dict(
            type='VideoTextHead',
            in_channels=32,
            label_encoder=dict(
                type='TextPromptLabelEncoder', labels=['one', 'two', 'three'], arch=tiny_arch
            ),
        ),
    )
    (tmp_path / 'config.py').write_text(f'model = {cfg!r}\n')
    torch.save(dict(state_dict=MODELS.build(cfg).state_dict()), tmp_path / 'epoch_1.pth')
    return ['--config', tmp_path / 'config.py', '--checkpoint', tmp_path / 'epoch_1.pth']


def test_a_table_of_labels(call, clip, video):
    result = call(video, '--labels', 'arm wrestling', 'HulaHoop', '翻煎饼', *clip)
    (note,) = result.err
    assert result.code == 0 and note.startswith('note: ') and '翻煎饼' in note
    assert result.out[0] == str(video)
    rows = [line.rsplit(None, 2) for line in result.out[1:]]
    assert {row[0].strip() for row in rows} == {'arm wrestling', 'hula hoop', '翻煎饼'}
    numbers = [float(row[1]) for row in rows]
    assert numbers == sorted(numbers, reverse=True) and sum(numbers) == pytest.approx(100, abs=0.1)


def test_folders_of_videos_and_a_camera(call, clip, write_video, tmp_path):
    for name in ('a.mp4', 'b.mp4'):
        write_video(tmp_path / 'videos' / name)
    result = call(tmp_path / 'videos', '0', '--labels', 'a', 'b', *clip)
    assert result.code == 1
    assert [line for line in result.out if not line.startswith(' ')] == [
        str(tmp_path / 'videos' / name) for name in ('a.mp4', 'b.mp4')
    ]
    errors = [line for line in result.err if line.startswith('error: ')]
    assert len(errors) == 1 and 'cameras are not supported' in errors[0]


def test_topk_above_and_below_the_number_of_labels(call, clip, video):
    labels = ['--labels', 'a', 'b', 'c']
    assert len(call(video, *labels, *clip, '--topk', 2).out) == 3
    assert len(call(video, *labels, *clip, '--topk', 99).out) == 4


def test_a_bad_video_does_not_stop_the_others(call, clip, video, tmp_path):
    (tmp_path / 'text.mp4').write_text('no video')
    videos = [tmp_path / 'gone.mp4', video, tmp_path / 'text.mp4', video]
    result = call(*videos, '--labels', 'a', 'b', *clip, '--batch-size', 2)
    assert result.code == 1
    assert [line for line in result.out if not line.startswith(' ')] == [str(video)] * 2
    errors = [line for line in result.err if line.startswith('error: ')]
    assert len(errors) == 2 and 'gone.mp4: there is no such file' in errors[0]
    assert [line for line in result.err if line not in errors] == [
        f'{i}/4 videos' for i in (1, 2, 3, 4)
    ]


def test_json(call, clip, video, tmp_path):
    argv = [video, tmp_path / 'gone.mp4', '--labels', 'a', 'b', *clip]
    printed = call(*argv, '--json', '-')
    content = json.loads('\n'.join(printed.out))
    assert printed.code == 1 and content['weights'] == str(clip[3])
    good, bad = content['videos']
    assert sum(entry['probability'] for entry in good['predictions']) == pytest.approx(1)
    assert good['video'] == str(video) and 'no such file' in bad['error']
    written = call(*argv, '--json', tmp_path / 'answers.json')
    assert json.loads((tmp_path / 'answers.json').read_text()) == content
    assert written.out[0] == str(video), 'tables are printed too'


def test_files_of_labels_and_templates(call, clip, video, tmp_path):
    (tmp_path / 'labels.txt').write_text('ApplyEyeMakeup\nhugging\n')
    (tmp_path / 'templates.txt').write_text('a film of {}\n')
    files = ['--labels-file', tmp_path / 'labels.txt', '--templates', tmp_path / 'templates.txt']
    result = call(video, *files, *clip)
    assert result.code == 0 and any('apply eye makeup' in line for line in result.out)


def test_a_trained_model(call, trained, video):
    result = call(video, *trained)
    assert result.code == 0 and len(result.out) == 4 and any('three' in row for row in result.out)
    result = call(video, *trained, '--labels', 'left', 'right', '--templates', 'label_only')
    assert result.code == 0 and len(result.out) == 3
    assert not any('mmengine' in line for line in result.out)


def test_random_weights_are_announced(call, clip, video):
    result = call(video, '--labels', 'a', 'b', *clip[:2], '--random-weights')
    assert result.code == 0 and 'RANDOM WEIGHTS' in result.out[0]
    result = call(video, '--labels', 'a', 'b', *clip[:2], '--random-weights', '--json', '-')
    assert json.loads('\n'.join(result.out))['weights'] == 'random'
    assert 'RANDOM WEIGHTS' in result.err[0]


def test_offline_without_weights(call, video, monkeypatch):
    monkeypatch.setattr(hub, 'hub_answers', lambda: False)
    monkeypatch.setenv('HF_HUB_CACHE', '/nowhere')
    monkeypatch.setattr('huggingface_hub.constants.HF_HUB_CACHE', '/nowhere')
    result = call(video, '--labels', 'a', 'b', '--arch', 'RN50')
    assert result.code == 2 and result.out == [] and len(result.err) == 1
    assert '`--pretrained FILE`' in result.err[0]


TRAINED = ['--config', __file__, '--checkpoint', __file__]
WRONG_CALLS = {
    'no labels': ([], '--labels'),
    'empty list': (['--labels'], 'at least one argument'),
    'empty name': (['--labels', 'a', ''], 'Label 1 of labels is empty'),
    'duplicates': (['--labels', 'HulaHoop', 'hula hoop'], "both 'hula hoop'"),
    'no label file': (['--labels-file', 'gone.txt'], "--labels-file: no such file: 'gone.txt'"),
    'topk 0': (['--labels', 'a', '--topk', '0'], '--topk: must be a positive integer'),
    'num-frames 0': (['--labels', 'a', '--num-frames', '0'], '--num-frames'),
    'batch-size x': (['--labels', 'a', '--batch-size', 'x'], '--batch-size'),
    'workers -1': (['--labels', 'a', '--workers', '-1'], '--workers: must be 0 or'),
    'unknown option': (['--labels', 'a', '--lables', 'b'], '--lables'),
    'not a checkpoint': (['--labels', 'a', '--checkpoint', __file__], 'is not a checkpoint'),
    'checkpoint and arch': (['--checkpoint', __file__, '--arch', 'z'], '--arch is set by'),
    'video after labels': (['--labels', 'a', __file__], 'put videos before --labels'),
    'no such threshold': (['--labels', 'a', '--none-of-these', '3'], 'must be a cosine in [-1, 1]'),
    'mini with weights': (
        ['--arch', 'mini', '--pretrained', 'x', '--labels', 'a'],
        'weights of its own',
    ),
    'config alone': (['--config', __file__], 'needs the --checkpoint'),
    'config and arch': ([*TRAINED, '--arch', 'z'], '--arch is set'),
    'config and frames': ([*TRAINED, '--num-frames', '4'], 'is set by'),
    'no config': (
        ['--config', 'gone.py', '--checkpoint', 'y'],
        "--config: no such file: 'gone.py'",
    ),
    'random and given': (['--labels', 'a', '--random-weights', '--pretrained', 'x'], 'contradicts'),
    'json folder': (['--labels', 'a', '--json', 'gone/x.json'], '--json'),
    'json name': (['--labels', 'a', '--json', 'x' * 300], 'File name too long'),
    'json arch alone': (['--labels', 'a', '--arch', 'x.json'], 'needs --pretrained FILE'),
    'device': (['--labels', 'a', '--device', 'gpu'], '--device must be cpu'),
    'cuda': (['--labels', 'a', '--device', 'cuda:99'], '--device cuda:99'),
    'arch': (['--labels', 'a', '--arch', 'ViT-B-61'], "knows no model 'ViT-B-61'"),
    'arch file': (['--labels', 'a', '--arch', 'no.json', '--pretrained', 'x'], "config 'no.json'"),
    'arch folder': (['--labels', 'a', '--arch', 'local-dir:gone'], 'open_clip_config.json'),
    'weights': (['--labels', 'a', '--pretrained', 'gone.pt'], "'gone.pt' is neither a file"),
    'templates': (['--labels', 'a', '--templates', 'x'], "templates='x' is neither a preset"),
}


@pytest.mark.parametrize('name', WRONG_CALLS)
def test_wrong_calls(call, video, name):
    options, message = WRONG_CALLS[name]
    result = call(video, *options)
    assert result.code == 2 and result.out == [] and len(result.err) == 1
    assert result.err[0].startswith('actionclip predict: error: ') and message in result.err[0]


def test_a_checkpoint_of_another_width(call, trained, video, tmp_path):
    state = torch.load(trained[3], weights_only=True)['state_dict']
    state['backbone.visual.proj'] = torch.ones(64, 48)
    torch.save(dict(state_dict=state), tmp_path / 'wide.pth')
    result = call(video, *trained[:3], tmp_path / 'wide.pth')
    assert result.code == 2 and result.out == [] and len(result.err) == 1
    assert 'size mismatch for backbone.visual.proj' in result.err[0]


def test_a_checkpoint_that_would_run_code(call, trained, video, tmp_path):
    torch.save(dict(state_dict=print), tmp_path / 'evil.pth')
    result = call(video, *trained[:3], tmp_path / 'evil.pth')
    assert result.code == 2 and len(result.err) == 1 and 'was refused' in result.err[0]


def test_odd_file_names_do_not_stop_the_others(call, clip, video, tmp_path):
    latin = Path(os.fsdecode(os.fsencode(tmp_path) + b'/caf\xe9.mp4'))
    latin.write_bytes(video.read_bytes())
    target = tmp_path / 'answers.json'
    names = [video, latin, 'x' * 300, 'zero\0byte.mp4']
    result = call(*names, '--labels', 'a', 'b', *clip, '--json', target)
    assert result.code == 1, result.err
    answers = json.loads(target.read_text(encoding='utf-8'))['videos']
    assert [os.fsencode(answer['video']) for answer in answers] == list(map(os.fsencode, names))
    assert ['predictions' in answer for answer in answers] == [True, True, False, False]
    assert 'File name too long' in answers[2]['error']
    errors = [line for line in result.err if line.startswith('error: ')]
    assert len(errors) == 2
    assert [line for line in result.out if line.endswith('mp4')][1].endswith(r'caf\udce9.mp4')


def test_an_interrupted_run_keeps_its_answers(call, clip, video, tmp_path, monkeypatch):
    """Ctrl-C after two answers: they go to a new file, and the old file is kept."""
    target, given = tmp_path / 'answers.json', []
    target.write_text('old')

    def stop_at_the_third(answer, topk):
        given.append(answer)
        if len(given) == 3:
            raise KeyboardInterrupt
        return ''

    monkeypatch.setattr(predict, 'table', stop_at_the_third)
    with pytest.raises(KeyboardInterrupt) as stop:
        call(*[video] * 5, '--labels', 'a', 'b', *clip, '--json', target)
    partial = tmp_path / 'answers.partial.json'
    assert str(partial) in str(stop.value) and '3 of 5 videos were answered' in str(stop.value)
    content = json.loads(partial.read_text())
    assert len(content['videos']) == 3 and content['complete'] is False
    assert target.read_text() == 'old'


@pytest.mark.slow
def test_as_a_program_on_real_videos(clip, start_tool, tmp_path):
    """All clips are answered in the order of the arguments, except the one without a video.

    decord fails on corrupted.mp4; the next decoder reads it.
    """
    if not VIDEOS.is_dir():
        pytest.skip('no real videos next to this checkout')
    good = sorted(path for path in VIDEOS.iterdir() if path.suffix != '.md')
    no_video = tmp_path / 'no_video.mp4'
    no_video.write_bytes(good[0].read_bytes()[:64])
    labels = ['arm wrestling', 'flipping pancake', 'hugging']
    argv = [*good[:3], no_video, *good[3:], '--labels', *labels, *clip]
    process = start_tool('predict', *argv)
    output, _ = process.communicate(timeout=120)
    lines = output.splitlines()
    assert process.returncode == 1, output
    assert [line for line in lines if line in map(str, argv)] == [str(path) for path in good]
    errors = [line for line in lines if line.startswith('error: ')]
    assert len(errors) == 1 and 'no_video.mp4: ' in errors[0]
    # path and rows of each good video, one line for the bad one, a counter for each
    assert len(lines) == 4 * len(good) + 1 + len(good) + 1, output


def test_urls_are_refused_before_a_model_is_built(call):
    result = call('https://example.org/a.mp4', '--arch', 'mini', '--labels', 'a', 'b')
    assert result.code == 2 and 'URLs are not supported' in result.err[0]


def test_the_mini_clip_recognises_the_shipped_samples(call):
    result = call('--arch', 'mini')
    assert result.code == 0
    answers = dict(zip(result.out[::6], result.out[1::6], strict=True))
    assert len(answers) == 4
    for path, best in answers.items():
        name = Path(path).stem.replace('_', ' ')
        assert best.strip().startswith(name), 'sample clips are named after what they show'
