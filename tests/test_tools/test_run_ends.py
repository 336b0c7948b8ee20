"""Shutdown of whole runs: process groups and locks of work dirs.

REPEATS=50 pytest -rP tests/test_tools/test_run_ends.py -k leave_the_group  # prints how they ended
"""

import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

REPEATS = int(os.environ.get('REPEATS', '1'))


@pytest.mark.slow
@pytest.mark.timeout(60 * REPEATS + 240)
def test_two_processes_leave_the_group_together(
    config: Path, checkpoint: Path, tmp_path: Path, run_tool: Callable
) -> None:
    """A rank could abort after printing its metrics, because its peer was already gone."""
    (tmp_path / 'runs').mkdir()
    args = (config, checkpoint, tmp_path / 'runs', REPEATS)
    output = run_tool('tests/two_processes_worker.py', *args, timeout=50 * REPEATS + 200)
    logs = [path.read_text() for path in (tmp_path / 'runs').glob('*.log')]
    said = f'exit codes of {REPEATS} runs of 2 processes: {{(0, 0): {REPEATS}}}'
    assert output.splitlines()[-1] == said, '\n'.join([output, *logs])
    assert sum('Epoch(test)' in log for log in logs) == REPEATS  # the first of the two says it
    assert not any('terminate called' in log or 'Traceback' in log for log in logs)
    print(said)


@pytest.mark.slow
@pytest.mark.timeout(900)  # two starts of a tool
def test_a_work_dir_is_locked_by_its_training(
    config: Path, tmp_path: Path, start_tool: Callable, run_tool: Callable
) -> None:
    """A second training is refused; the first one ends on SIGTERM with one line."""
    work_dir = tmp_path / 'run'
    args = ('tools/train.py', config, '--work-dir', work_dir)
    # a full pipe would block it
    options = ('--no-validate', '--cfg-options', 'train_cfg.max_epochs=1000', 'log_level=ERROR')
    first = start_tool(*args, *options)
    deadline = time.monotonic() + 200
    while not (work_dir / 'last_checkpoint').exists() and time.monotonic() < deadline:
        assert first.poll() is None, first.communicate()[0]
        time.sleep(0.1)
    owner = json.loads((work_dir / '.lock').read_text())
    assert owner['pid'] == first.pid
    runs = [path for path in work_dir.iterdir() if path.is_dir()]
    refused = run_tool(*args, ok=False).splitlines()[-1]
    assert f'in use by process {first.pid} on ' in refused and '--resume' in refused
    assert [path for path in work_dir.iterdir() if path.is_dir()] == runs
    first.send_signal(signal.SIGTERM)
    output, _ = first.communicate(timeout=60)
    assert first.returncode == 143, output
    assert 'Traceback' not in output
    said = output.rstrip().splitlines()[-1]
    assert said.startswith('Terminated: ') and f'{work_dir}/epoch_' in said
    assert said.endswith(' --resume') and 'is kept; to go on: python ' in said
    assert not (work_dir / '.lock').exists()
