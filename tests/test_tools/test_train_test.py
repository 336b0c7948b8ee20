"""Train and test end to end: real video files, subprocesses, a tiny model."""

import pickle
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from actionclip_mm import ActionCLIPInferencer

LABELS = ['clap hands', 'fall down', 'arm wrestling']
NUM_VIDEOS = 9

pytestmark = pytest.mark.slow


def test_train_killed_resumed_and_tested(
    tiny_config: Path,
    tmp_path: Path,
    start_tool: Callable,
    run_tool: Callable,
    write_video: Callable,
) -> None:
    work_dir = tmp_path / 'run'
    args = (tiny_config, '--work-dir', work_dir, '--seed', 1)
    # an endless run is killed as soon as its first checkpoint is complete
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
    assert 'logit_scale: 14.' in output  # near its start, 1 / 0.07
    checkpoint = torch.load(work_dir / f'epoch_{end}.pth')  # with torch's check on
    assert checkpoint['meta']['iter'] == 3 * end
    assert list(work_dir.glob('best_acc_top1_*.pth'))

    dump = tmp_path / 'scores.pkl'
    output = run_tool(
        'tools/test.py', tiny_config, work_dir / f'epoch_{end}.pth', '--dump', dump,
        '--work-dir', tmp_path / 'test', '--show-dir', tmp_path / 'drawn',
    )  # fmt: skip
    assert len(list((tmp_path / 'drawn').iterdir())) == NUM_VIDEOS
    assert 'acc/top1' in output
    results = pickle.loads(dump.read_bytes())
    assert len(results) == NUM_VIDEOS
    for result in results:
        assert result['pred_score'].shape == (len(LABELS),)
        assert result['pred_score'].sum() == pytest.approx(1, abs=1e-5)

    # a checkpoint predicts alone, in another folder, without the files of the config
    tiny_config.unlink()
    video = write_video(tmp_path / 'elsewhere' / 'clip.mp4')
    answer = ActionCLIPInferencer.from_pretrained(work_dir / f'epoch_{end}.pth')(video)
    assert set(answer.labels) == set(LABELS)


def test_two_processes_train_and_test_like_one(
    tiny_config: Path, tmp_path: Path, run_tool: Callable, free_port: Callable
) -> None:
    work_dir = tmp_path / 'run'
    output = run_tool(
        'tools/dist_train.sh', tiny_config, 2, '--work-dir', work_dir,
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
            run_tool('tools/dist_test.sh', tiny_config, checkpoint, 2, *args, PORT=free_port())
        else:
            run_tool('tools/test.py', tiny_config, checkpoint, *args)
        results = pickle.loads(dump.read_bytes())
        scores.append(torch.stack([result['pred_score'] for result in results]))
    assert scores[0].shape == (NUM_VIDEOS, len(LABELS))
    torch.testing.assert_close(*scores, rtol=1e-4, atol=1e-5)


def test_missing_checkpoints_are_one_sentence(
    tiny_config: Path, tmp_path: Path, run_tool: Callable
) -> None:
    """Also where only the run finds out, and without the host's traceback."""
    args = (tiny_config, '--work-dir', tmp_path / 'run')
    gone, address = tmp_path / 'gone.pth', 'http://127.0.0.1:9/weights.pth'
    output = run_tool('tools/train.py', *args, '--resume', gone, ok=False)
    assert str(gone) in output.strip().splitlines()[-1]
    for place, words in ((gone, 'There is no checkpoint'), (address, 'cannot be downloaded')):
        option = f'load_from={place}'
        output = run_tool('tools/train.py', *args, '--cfg-options', option, ok=False)
        last = output.strip().splitlines()[-1]
        assert last.startswith('Error: ') and str(place) in last and words in last
        assert 'Traceback' not in output
    output = run_tool('tools/test.py', tiny_config, address, ok=False, cwd=tmp_path)
    assert 'cannot be downloaded' in output.strip().splitlines()[-1]
    assert 'Traceback' not in output


def test_amp_without_gpu_is_one_sentence(
    tiny_config: Path, tmp_path: Path, run_tool: Callable
) -> None:
    if torch.cuda.is_available():
        pytest.skip('there is a GPU')
    # from another folder, as the paths of this config are absolute
    args = (tiny_config, '--amp', '--work-dir', tmp_path / 'run')
    output = run_tool('tools/train.py', *args, ok=False, cwd=tmp_path)
    assert 'no GPU is visible: remove it' in output.strip().splitlines()[-1]

    output = run_tool(
        'tools/train.py', *args, '--no-validate', '--cfg-options', 'train_cfg.max_epochs=1',
        'optim_wrapper.dtype=bfloat16', cwd=tmp_path,
    )  # fmt: skip
    assert (tmp_path / 'run' / 'epoch_1.pth').exists()
