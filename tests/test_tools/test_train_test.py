"""The tools end to end, as a user calls them: real video files, subprocesses, tiny model."""

import pickle
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest
import torch

LABELS = ['clap hands', 'fall down', 'arm wrestling']
NUM_VIDEOS = 9

pytestmark = pytest.mark.slow


@pytest.fixture(scope='module')
def data(tmp_path_factory: pytest.TempPathFactory, write_video: Callable) -> Path:
    """A folder of nine videos with three classes and their annotation file."""
    folder = tmp_path_factory.mktemp('videos')
    lines = []
    for index in range(NUM_VIDEOS):
        label = index % len(LABELS)
        write_video(folder / f'{index}.mp4')
        lines.append(f'{index}.mp4 {label}\n')
    (folder / 'list.txt').write_text(''.join(lines))
    return folder


@pytest.fixture
def config(data: Path, tmp_path: Path) -> Path:
    """Config of a tiny ActionCLIP over the repository's own base files."""
    base = Path(__file__).resolve().parents[2] / 'configs' / '_base_'
    path = tmp_path / 'tiny.py'
    path.write_text(
        dedent(f"""
        _base_ = ['{base}/default_runtime.py', '{base}/schedules/adamw_50e.py']
        arch = dict(
            embed_dim=32,
            quick_gelu=True,
            vision_cfg=dict(image_size=32, layers=2, width=64, head_width=32, patch_size=16),
            text_cfg=dict(context_length=77, vocab_size=49408, width=32, heads=2, layers=2),
        )
        model = dict(
            type='CLIPRecognizer',
            backbone=dict(type='CLIPImageEncoder', arch=arch, pretrained=None, visual_prompt=None),
            neck=dict(type='TransfPrompt', in_channels=32, num_layers=1),
            cls_head=dict(
                type='VideoTextHead',
                in_channels=32,
                label_encoder=dict(
                    type='TextPromptLabelEncoder', labels={LABELS}, templates='actionclip16',
                    arch=arch, pretrained=None),
                loss_cls=dict(type='VideoTextKLLoss'),
                average_clips='prob'))
        pipeline = [
            dict(type='DecordInit'),
            dict(type='UniformSample', clip_len=4, num_clips=1, test_mode=True),
            dict(type='DecordDecode'),
            dict(type='Resize', scale=(32, 32), keep_ratio=False),
            dict(type='FormatShape', input_format='NCTHW'),
            dict(type='PackActionInputs')]
        dataset = dict(
            type='VideoDataset', ann_file='{data}/list.txt', data_prefix=dict(video='{data}'),
            pipeline=pipeline)
        train_dataloader = dict(
            batch_size=3, num_workers=0, sampler=dict(type='DefaultSampler', shuffle=True),
            dataset=dataset)
        val_dataloader = dict(
            batch_size=2, num_workers=0, sampler=dict(type='DefaultSampler', shuffle=False),
            dataset=dict(test_mode=True, **dataset))
        test_dataloader = val_dataloader
        val_evaluator = dict(type='AccMetric')
        test_evaluator = val_evaluator
        train_cfg = dict(max_epochs=3)
        default_hooks = dict(logger=dict(interval=1))
        """)
    )
    return path


def free_port() -> str:
    with socket.socket() as sock:
        sock.bind(('127.0.0.1', 0))
        return str(sock.getsockname()[1])


def test_train_killed_resumed_and_tested(
    config: Path, tmp_path: Path, start_tool: Callable, run_tool: Callable
) -> None:
    work_dir = tmp_path / 'run'
    args = (config, '--work-dir', work_dir, '--seed', 1)
    # a run that would last for ever is killed as soon as its first checkpoint is complete
    process = start_tool('tools/train.py', *args, '--cfg-options', 'train_cfg.max_epochs=100000')
    deadline = time.monotonic() + 120
    while not (work_dir / 'last_checkpoint').exists() and time.monotonic() < deadline:
        assert process.poll() is None, process.communicate()[0]
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    killed_at = torch.load((work_dir / 'last_checkpoint').read_text())['meta']['epoch']

    end = killed_at + 2
    output = run_tool(
        'tools/train.py', *args, '--resume', '--cfg-options', f'train_cfg.max_epochs={end}'
    )
    assert f'resumed epoch: {killed_at}' in output
    assert f'[{end}][3/3]' in output
    checkpoint = torch.load(work_dir / f'epoch_{end}.pth')  # with torch's check on
    assert checkpoint['meta']['iter'] == 3 * end
    assert list(work_dir.glob('best_acc_top1_*.pth'))

    dump = tmp_path / 'scores.pkl'
    output = run_tool(
        'tools/test.py', config, work_dir / f'epoch_{end}.pth', '--dump', dump,
        '--work-dir', tmp_path / 'test', '--show-dir', tmp_path / 'drawn',
    )  # fmt: skip
    assert len(list((tmp_path / 'drawn').iterdir())) == NUM_VIDEOS
    assert 'acc/top1' in output
    results = pickle.loads(dump.read_bytes())
    assert len(results) == NUM_VIDEOS
    for result in results:
        assert result['pred_score'].shape == (len(LABELS),)
        assert result['pred_score'].sum() == pytest.approx(1, abs=1e-5)


def test_two_processes_train_and_test_like_one(
    config: Path, tmp_path: Path, run_tool: Callable
) -> None:
    work_dir = tmp_path / 'run'
    output = run_tool(
        'tools/dist_train.sh', config, 2, '--work-dir', work_dir,
        '--cfg-options', 'train_cfg.max_epochs=1', PORT=free_port(),
    )  # fmt: skip
    assert 'gloo' in output
    checkpoint = work_dir / 'epoch_1.pth'
    assert torch.load(checkpoint)['meta']['iter'] == 2  # ceil(9 videos / 2 processes / batch 3)

    scores = []
    for name in ('two', 'one'):
        dump = tmp_path / f'{name}.pkl'
        args = ('--dump', dump, '--work-dir', tmp_path / name)
        if name == 'two':
            run_tool('tools/dist_test.sh', config, checkpoint, 2, *args, PORT=free_port())
        else:
            run_tool('tools/test.py', config, checkpoint, *args)
        results = pickle.loads(dump.read_bytes())
        scores.append(torch.stack([result['pred_score'] for result in results]))
    assert scores[0].shape == (NUM_VIDEOS, len(LABELS))
    torch.testing.assert_close(*scores, rtol=1e-4, atol=1e-5)


def test_amp_without_gpu_is_one_sentence(config: Path, tmp_path: Path, run_tool: Callable) -> None:
    if torch.cuda.is_available():
        pytest.skip('there is a GPU')
    # from another folder, as the paths of this config are absolute
    args = (config, '--amp', '--work-dir', tmp_path / 'run')
    output = run_tool('tools/train.py', *args, ok=False, cwd=tmp_path)
    assert 'no GPU is visible: leave it out' in output.strip().splitlines()[-1]

    output = run_tool(
        'tools/train.py', *args, '--no-validate', '--cfg-options', 'train_cfg.max_epochs=1',
        'optim_wrapper.dtype=bfloat16', cwd=tmp_path,
    )  # fmt: skip
    assert (tmp_path / 'run' / 'epoch_1.pth').exists()
