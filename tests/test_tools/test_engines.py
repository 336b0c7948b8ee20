"""Engines and launchers end to end: FSDP, restarts after a death, Slurm's command line."""

import json
import os
import signal
import stat
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from mmaction.registry import MODELS
from mmengine.config import Config

ROOT = Path(__file__).resolve().parents[2]
STRATEGIES = ROOT / 'configs' / '_base_' / 'strategies'


@pytest.fixture
def one_template(tiny_config: Path) -> Path:
    """The tiny config with fixed texts and gradient clipping."""
    path = tiny_config.parent / 'one_template.py'
    path.write_text(
        f"_base_ = ['{tiny_config}']\n"
        "model = dict(cls_head=dict(label_encoder=dict(templates=['{}'])))\n"
        'optim_wrapper = dict(clip_grad=dict(max_norm=1.0), optimizer=dict(lr=1e-4))\n'
    )
    return path


@pytest.mark.slow
@pytest.mark.timeout(900)  # three starts of two processes
def test_fsdp_resumed_is_ddp(
    one_template: Path, tmp_path: Path, run_tool: Callable, free_port: Callable
) -> None:
    """Two epochs of FSDP with an interruption give the weights of two epochs of DDP."""
    sharded = tmp_path / 'sharded.py'
    sharded.write_text(f"_base_ = ['{one_template}', '{STRATEGIES}/fsdp.py']\n")

    def train(config: Path, epochs: int, *options: str) -> str:
        return run_tool(
            'tools/dist_train.sh', config, 2, '--work-dir', tmp_path / config.stem, '--seed', 0,
            *options, '--cfg-options', f'train_cfg.max_epochs={epochs}', PORT=free_port(),
        )  # fmt: skip

    train(one_template, 2)
    train(sharded, 1)
    assert 'resumed epoch: 1, iter: 2' in train(sharded, 2, '--resume')
    files = [tmp_path / config.stem / 'epoch_2.pth' for config in (one_template, sharded)]
    expected, found = (torch.load(path)['state_dict'] for path in files)
    assert expected.keys() == found.keys()
    for name, value in expected.items():
        torch.testing.assert_close(found[name], value, rtol=0, atol=1e-5, msg=name)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.skipif(torch.cuda.is_available(), reason='autocast would take the GPU')
def test_fsdp_in_bfloat16_is_ddp_in_bfloat16(
    one_template: Path, tmp_path: Path, start_tool: Callable
) -> None:
    """Two steps of plain gradient descent under ``--amp``, from the same weights."""
    init = tmp_path / 'init.pth'
    start = MODELS.build(Config.fromfile(one_template).model).state_dict()
    torch.save(dict(state_dict=start), init)
    plain = tmp_path / 'plain.py'
    plain.write_text(
        f"_base_ = ['{one_template}']\n"
        f"load_from = '{init}'\n"
        "optim_wrapper = dict(optimizer=dict(_delete_=True, type='SGD', lr=1., weight_decay=0.))\n"
        'param_scheduler = []\n'
    )
    sharded = tmp_path / 'sharded.py'
    sharded.write_text(f"_base_ = ['{plain}', '{STRATEGIES}/fsdp.py']\n")
    configs = (plain, sharded)
    options = ['--amp', '--no-validate', '--seed', '0', '--cfg-options']
    options += ['optim_wrapper.dtype=bfloat16', 'train_cfg.max_epochs=1']
    runs = [
        dict(
            args=[str(config), '--work-dir', str(tmp_path / config.stem), *options],
            kill=None,
            processes=2,
            log=str(tmp_path / f'{config.stem}.txt'),
        )
        for config in configs
    ]
    (tmp_path / 'runs.json').write_text(json.dumps(runs))
    worker = start_tool('tests/resume_worker.py', tmp_path / 'runs.json')
    output, _ = worker.communicate(timeout=500)
    assert worker.returncode == 0, output
    expected, found = (
        torch.load(tmp_path / config.stem / 'epoch_1.pth', weights_only=False) for config in configs
    )
    for checkpoint in (expected, found):
        assert 'loss_scaler' in checkpoint['optimizer'], 'not trained under --amp'
        assert {value.dtype for value in checkpoint['state_dict'].values()} == {torch.float32}
    steps = {name: value - start[name] for name, value in expected['state_dict'].items()}
    largest = max(step.abs().max().item() for step in steps.values())
    assert largest > 0.01
    for name, step in steps.items():
        difference = found['state_dict'][name] - start[name] - step
        assert difference.abs().max() < 2**-7 * largest, name  # bfloat16 keeps 8 bits


def children(pid: int) -> list[int]:
    """Child processes of a process."""
    listed = Path(f'/proc/{pid}/task/{pid}/children').read_text().split()
    return [int(child) for child in listed]


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.skipif(not Path('/proc/self/task').is_dir(), reason='reads children from /proc')
def test_a_killed_process_restarts_all_and_training_goes_on(
    tiny_config: Path, tmp_path: Path, start_tool: Callable, free_port: Callable
) -> None:
    last = 6
    process = start_tool(
        'tools/dist_train.sh', tiny_config, 2, '--work-dir', tmp_path / 'run', '--resume',
        '--no-validate', '--cfg-options', f'train_cfg.max_epochs={last}',
        PORT=free_port(), MAX_RESTARTS='1',
    )  # fmt: skip
    deadline = time.monotonic() + 300
    while not (tmp_path / 'run' / 'last_checkpoint').exists() and time.monotonic() < deadline:
        assert process.poll() is None, process.communicate()[0]
        time.sleep(0.05)
    assert (tmp_path / 'run' / 'last_checkpoint').exists(), 'no checkpoint within five minutes'
    os.kill(children(process.pid)[-1], signal.SIGKILL)
    output, _ = process.communicate(timeout=240)
    assert process.returncode == 0, output
    assert 'resumed epoch: ' in output
    assert (tmp_path / 'run' / f'epoch_{last}.pth').exists()


@pytest.fixture
def srun(tmp_path: Path) -> str:
    """A PATH on which ``srun`` prints its arguments."""
    script = tmp_path / 'srun'
    script.write_text('#!/bin/sh\nfor word in "$@"; do echo "$word"; done\n')
    script.chmod(script.stat().st_mode | stat.S_IEXEC)
    return f'{tmp_path}:{os.environ["PATH"]}'


@pytest.mark.parametrize('tool', ['train', 'test'])
def test_slurm(tool: str, srun: str, run_tool: Callable) -> None:
    checkpoint = ['epoch_1.pth'] if tool == 'test' else []
    words = ['gpu_queue', 'name', 'config.py', *checkpoint]
    output = run_tool(
        f'tools/slurm_{tool}.sh', *words, '--cfg-options', 'a=b c', PATH=srun, PYTHON='python3',
        GPUS='16', SRUN_ARGS='--quotatype=spot --nodelist=n1',
    )  # fmt: skip
    lines = output.splitlines()
    options = {line for line in lines if line.startswith('--')}
    assert {
        '--partition=gpu_queue', '--job-name=name', '--gres=gpu:8', '--ntasks=16',
        '--ntasks-per-node=8', '--cpus-per-task=8', '--quotatype=spot', '--nodelist=n1',
    } <= options  # fmt: skip
    start = lines.index('python3')
    assert lines[start + 1 :] == [
        '-u', str(ROOT / 'tools' / f'{tool}.py'), 'config.py', *checkpoint, '--launcher', 'slurm',
        '--cfg-options', 'a=b c',
    ]  # fmt: skip
    assert 'usage: ' in run_tool(f'tools/slurm_{tool}.sh', *words[:-1], ok=False, PATH=srun)
