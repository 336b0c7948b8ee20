"""tools/analysis/interpolate.py: curve between a zero-shot and a fine-tuned model on real clips."""

import csv
from textwrap import dedent

import pytest
import torch
from mmaction.registry import MODELS
from mmengine.config import Config

from actionclip_mm.clip.state_dict import read_state_dict


@pytest.fixture
def interpolate(load_tool, tmp_path):
    """The tool's main with --work-dir in a temporary folder."""
    main = load_tool('tools/analysis/interpolate.py').main
    return lambda *args: main([*map(str, args), '--work-dir', str(tmp_path / 'curve')])


@pytest.fixture
def configs(tmp_path, write_video, one_layer_arch):
    """Two configs on the same four clips, with different class names."""
    lines = []
    for index in range(4):
        write_video(tmp_path / 'videos' / f'{index}.mp4')
        lines.append(f'{index}.mp4 {index % 2}\n')
    (tmp_path / 'list.txt').write_text(''.join(lines))
    paths = []
    for name, labels in (('seen', ['clap hands', 'sit']), ('unseen', ['fall down', 'stand'])):
        paths.append(tmp_path / f'{name}.py')
        paths[-1].write_text(
            dedent(f"""
            default_scope = 'mmaction'
            arch = {one_layer_arch}
            model = dict(
                type='CLIPRecognizer',
                backbone=dict(type='CLIPImageEncoder', arch=arch),
                neck=dict(type='Conv1DPrompt', in_channels=32),
                cls_head=dict(
                    type='VideoTextHead', in_channels=32,
                    label_encoder=dict(
                        type='TextPromptLabelEncoder', labels={labels}, templates=['{{}}'],
                        arch=arch)))
            test_dataloader = dict(
                batch_size=4, num_workers=0,
                sampler=dict(type='DefaultSampler', shuffle=False),
                dataset=dict(
                    type='RobustVideoDataset', ann_file={str(tmp_path / 'list.txt')!r},
                    data_prefix=dict(video={str(tmp_path / 'videos')!r}), test_mode=True,
                    pipeline=[
                        dict(type='DecordInit'),
                        dict(type='UniformSample', clip_len=2, num_clips=1, test_mode=True),
                        dict(type='DecordDecode'),
                        dict(type='Resize', scale=(32, 32), keep_ratio=False),
                        dict(type='FormatShape', input_format='NCTHW'),
                        dict(type='PackActionInputs')]))
            test_evaluator = dict(
                type='CompleteEvaluator',
                metrics=[dict(type='AccMetric', metric_list=('top_k_accuracy',))])
            test_cfg = dict(type='TestLoop')
            """)
        )
    return paths


@pytest.fixture
def checkpoints(configs, tmp_path):
    """A zero-shot file without a neck and a fine-tuned checkpoint with one."""
    model = MODELS.build(Config.fromfile(configs[0]).model)
    state = model.state_dict()
    zero = {name: value for name, value in state.items() if not name.startswith('neck.')}
    torch.save(dict(state_dict=zero), tmp_path / 'zero.pth')
    tuned = {name: value + 0.1 * torch.randn_like(value) for name, value in state.items()}
    torch.save(dict(meta={}, state_dict=tuned), tmp_path / 'tuned.pth')
    return tmp_path / 'zero.pth', tmp_path / 'tuned.pth'


def test_curve_on_two_configs(interpolate, configs, checkpoints, tmp_path, capsys):
    out = tmp_path / 'half.safetensors'
    interpolate(
        *checkpoints, '--alpha', '1,0,0.5', '--test', configs[0], '--test', configs[1],
        '--save-alpha', 0.5, '--out', out,
    )  # fmt: skip
    said = capsys.readouterr().out
    assert 'has neck. It keeps its fine-tuned values' in said
    assert '[3/3] alpha 1: seen acc/top1' in said
    with (tmp_path / 'curve' / 'curve.csv').open() as file:
        rows = list(csv.reader(file))
    assert [row[0] for row in rows] == ['alpha', '0.0', '0.5', '1.0']
    metrics = ('acc/top1', 'acc/top5')  # counts of videos are not metrics
    header = [f'{config} {name}' for config in ('seen', 'unseen') for name in metrics]
    assert rows[0] == ['alpha', *header]
    assert all(0 <= float(value) <= 1 for row in rows[1:] for value in row)
    report = (tmp_path / 'curve' / 'curve.md').read_text()
    assert report.count('\n| 0') == 4 and 'curve.png' in report
    assert (tmp_path / 'curve' / 'curve.png').stat().st_size > 1000
    zero, tuned = (read_state_dict(str(path)) for path in checkpoints)
    half = read_state_dict(str(out))
    name = 'backbone.visual.proj'
    torch.testing.assert_close(half[name], (zero[name] + tuned[name]) / 2)
    assert torch.equal(half['neck.shift.weight'], tuned['neck.shift.weight'])


def test_alpha_1_is_the_fine_tuned_model(interpolate, configs, checkpoints, tmp_path):
    interpolate(*checkpoints, '--alpha', '1', '--test', configs[0], '--save-alpha=1',
                '--out', tmp_path / 'one.pth')  # fmt: skip
    one, tuned = read_state_dict(str(tmp_path / 'one.pth')), read_state_dict(str(checkpoints[1]))
    assert one.keys() == tuned.keys()
    assert all(torch.equal(one[name], tuned[name]) for name in one)


def test_pretrained_and_clip_files_are_zero_shot_models(interpolate, configs, checkpoints, capsys):
    interpolate('pretrained', checkpoints[1], '--alpha', '0', '--test', configs[0])
    assert '[1/1] alpha 0' in capsys.readouterr().out
    zero = read_state_dict(str(checkpoints[0]))
    clip = {
        name.removeprefix('cls_head.label_encoder.').removeprefix('backbone.')
        .removeprefix('cls_head.'): value
        for name, value in zero.items()
    }  # fmt: skip
    torch.save(clip, checkpoints[0])
    interpolate(*checkpoints, '--alpha', '0', '--test', configs[0])
    assert '[1/1] alpha 0' in capsys.readouterr().out


@pytest.mark.parametrize(
    'args, words',
    [
        (['--save-alpha', '0.5'], 'must be used together'),
        (['--save-alpha', '0.5', '--out', 'x.bin'], 'Unsupported suffix'),
        (['--alpha', '0', '--metric', 'nothing'], "'nothing' is unknown: set one of acc/top1"),
    ],
)
def test_invalid_options_are_rejected(interpolate, configs, checkpoints, args, words):
    with pytest.raises(SystemExit, match=words) as error:
        interpolate(*checkpoints, '--test', configs[0], *args)
    assert '\n' not in str(error.value)


def test_config_of_another_model_is_rejected(interpolate, configs, checkpoints):
    configs[0].write_text(configs[0].read_text().replace('Conv1DPrompt', 'MeanPPrompt'))
    with pytest.raises(SystemExit, match=r'do not fit .*the model lacks neck.shift.weight'):
        interpolate(*checkpoints, '--alpha', '0', '--test', configs[0])


def test_different_models_are_rejected(interpolate, configs, checkpoints, capsys):
    zero = read_state_dict(str(checkpoints[0]))
    zero['backbone.visual.proj'] = torch.ones(2, 2)
    torch.save(dict(state_dict=zero), checkpoints[0])
    with pytest.raises(SystemExit, match=r'proj is \(2, 2\) in the zero-shot model'):
        interpolate(*checkpoints, '--alpha', '0', '--test', configs[0])
    with pytest.raises(SystemExit):
        interpolate(*checkpoints, '--alpha', '0,2', '--test', configs[0])
    assert 'alphas must be in [0, 1], got 0,2' in capsys.readouterr().err


@pytest.mark.parametrize('which', [0, 1])
def test_weights_of_nan_are_refused(interpolate, configs, checkpoints, which):
    content = torch.load(checkpoints[which])
    content['state_dict']['backbone.clip.proj'] = torch.full((2, 2), float('nan'))
    torch.save(content, checkpoints[which])
    with pytest.raises(SystemExit, match=f"'{checkpoints[which]}' .* with NaN or Inf") as error:
        interpolate(*checkpoints, '--alpha', '0', '--test', configs[0])
    assert '\n' not in str(error.value)
