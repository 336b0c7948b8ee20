"""A run that is killed with ``kill -9`` and resumed ends like an uninterrupted one.

``KILLS=10 pytest tests/test_tools/test_exact_resume.py`` kills at ten random moments.
"""

import json
import os
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from textwrap import dedent
from typing import Any

import numpy as np
import pytest
import torch

pytestmark = [pytest.mark.slow, pytest.mark.timeout(2400)]

KILLS = int(os.environ.get('KILLS', '1'))
FEW = ['in an epoch', 'while a checkpoint is written', 'during validation']
# keys that depend on clocks, paths and times
CHANCE = {'time', 'data_time', 'memory', 'cfg', 'experiment_name', 'last_ckpt', 'best_ckpt'}
CHANCE |= {'mmengine_version'}  # has the commit of the current folder


@pytest.fixture
def config(tiny_config: Path) -> Path:
    """The tiny config with randomness, workers, averaging and one kept file."""
    path = tiny_config.parent / 'chance.py'
    path.write_text(
        dedent(f"""
        _base_ = ['{tiny_config}']
        train_pipeline = [
            dict(type='VideoInit'),
            dict(type='UniformSample', clip_len=4),
            dict(type='VideoDecode'),
            dict(type='RandomResizedCrop'),
            dict(type='Resize', scale=(32, 32), keep_ratio=False),
            dict(type='Flip', flip_ratio=0.5),
            dict(type='FormatShape', input_format='NCTHW'),
            dict(type='PackActionInputs')]
        train_dataloader = dict(
            num_workers=2, persistent_workers=True,
            dataset=dict(type='RobustVideoDataset', pipeline=train_pipeline))
        val_dataloader = dict(dataset=dict(type='RobustVideoDataset'))
        val_evaluator = dict(
            _delete_=True, type='CompleteEvaluator', metrics=[dict(type='AccMetric')])
        test_dataloader = val_dataloader
        test_evaluator = val_evaluator
        optim_wrapper = dict(optimizer=dict(lr=1e-3))
        default_hooks = dict(checkpoint=dict(max_keep_ckpts=1))
        custom_hooks = [dict(type='EMAHook', momentum=0.1)]
        """)
    )
    return path


@pytest.fixture
def train(config: Path, tmp_path: Path, start_tool: Callable) -> Callable[..., None]:
    """Function that trains in ``tmp_path / name``, once per kill and finally to the end."""

    def run(kills: dict[str, Sequence], epochs: int, processes: int = 1) -> None:
        runs = []
        for name, moments in kills.items():
            for number, kill in enumerate([*moments, None]):
                args = [config, '--work-dir', tmp_path / name, '--seed', 3]
                args += ['--resume'] * bool(number)
                args += ['--cfg-options', f'train_cfg.max_epochs={epochs}']
                log = str(tmp_path / f'{name}_{number}.txt')
                args = list(map(str, args))
                runs.append(dict(args=args, kill=kill, log=log, processes=processes))
        (tmp_path / 'runs.json').write_text(json.dumps(runs))
        worker = start_tool('tests/resume_worker.py', tmp_path / 'runs.json')
        output, _ = worker.communicate(timeout=60 + 60 * len(runs))
        assert worker.returncode == 0, output

    return run


def logged(work_dir: Path) -> dict[tuple, dict]:
    """Last log of each step of training and validation."""
    lines: dict[tuple, dict] = {}
    for file in sorted(work_dir.glob('*/vis_data/scalars.json')):
        for line in map(json.loads, file.read_text().splitlines()):
            kind = 'train' if 'loss' in line else 'val'
            lines[kind, line['step']] = {k: v for k, v in line.items() if k not in CHANCE}
    return lines


def assert_same(found: Any, expected: Any, where: str = '') -> None:
    """Content to compare bit by bit, without keys that differ between runs."""
    assert type(found) is type(expected), where
    if isinstance(expected, dict):
        assert found.keys() == expected.keys(), where
        for key in expected.keys() - CHANCE:
            assert_same(found[key], expected[key], f'{where}/{key}')
    elif isinstance(expected, list | tuple):
        assert len(found) == len(expected), where
        for index, pair in enumerate(zip(found, expected, strict=True)):
            assert_same(*pair, f'{where}/{index}')
    elif isinstance(expected, torch.Tensor):
        assert torch.equal(found, expected), where
    elif isinstance(expected, np.ndarray):
        np.testing.assert_array_equal(found, expected, where)
    elif hasattr(expected, '__dict__'):
        assert_same(vars(found), vars(expected), where)
    else:
        assert found == expected, where


def assert_same_runs(found: Path, expected: Path) -> None:
    names = {path.name for path in expected.iterdir() if path.is_file()}
    assert {path.name for path in found.iterdir() if path.is_file()} == names
    assert logged(found) == logged(expected)
    checkpoints = [name for name in names if name.endswith('.pth')]
    assert len(checkpoints) == 2, checkpoints
    for name in checkpoints:
        pair = []
        for folder in (found, expected):
            content = torch.load(folder / name, weights_only=False)  # written by this test
            hub, meta = content['message_hub'], content['meta']
            for key in ('time', 'data_time'):
                hub['log_scalars'].pop(f'train/{key}', None)
                hub['log_scalars'].pop(f'val/{key}', None)
            assert Path(hub['runtime_info']['best_ckpt']).parent == folder
            hub['runtime_info']['best_ckpt'] = Path(hub['runtime_info']['best_ckpt']).name
            pair.append({**content, 'meta': {key: meta[key] for key in ('epoch', 'iter', 'seed')}})
        if 'optimizer' in pair[1]:
            assert 'ema_state_dict' in pair[1] and 'param_schedulers' in pair[1]
        assert_same(*pair, name)


def last_words(log: Path) -> str:
    """Last log of a killed run."""
    words = ('Epoch(', 'Saving', 'is saved', 'Checkpoints will')
    lines = [line for line in log.read_text().splitlines() if any(word in line for word in words)]
    return lines[-1].split(' - ')[-1][:60] if lines else 'nothing'


def test_resume_after_a_kill_at_every_stage(
    train: Callable, tmp_path: Path, load_tool: Callable
) -> None:
    """One run that is killed repeatedly at different points, and resumed when finished."""
    moments = list(load_tool('tests/resume_worker.py').MOMENTS)
    moments = moments if KILLS >= 10 else FEW
    train(dict(straight=[], killed=[*moments, None]), epochs=len(moments) + 2)
    assert_same_runs(tmp_path / 'killed', tmp_path / 'straight')


def test_resume_after_a_kill_at_a_random_time(train: Callable, tmp_path: Path) -> None:
    """Runs that are killed once each."""
    # of clocks: the other random numbers are seeded
    shares = [random.Random(os.urandom(8)).uniform(0, 0.9) for _ in range(KILLS)]
    names = [f'killed_{number}' for number in range(KILLS)]
    train(dict(straight=[]) | {n: [s] for n, s in zip(names, shares, strict=True)}, epochs=4)
    for name, share in zip(names, shares, strict=True):
        print(f'killed after {share:.0%}, the last line {last_words(tmp_path / f"{name}_0.txt")}')
        assert_same_runs(tmp_path / name, tmp_path / 'straight')


def test_two_processes(train: Callable, tmp_path: Path) -> None:
    train(dict(straight=[], killed=['in an epoch']), epochs=3, processes=2)
    assert_same_runs(tmp_path / 'killed', tmp_path / 'straight')
