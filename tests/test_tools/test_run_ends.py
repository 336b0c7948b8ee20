"""The ends of whole runs: processes that part in order, work dirs that one run has to itself.

REPEATS=50 pytest -rP tests/test_tools/test_run_ends.py -k parts_in_order  # prints how they ended
"""

import json
import os
import signal
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

REPEATS = int(os.environ.get('REPEATS', '1'))


@pytest.mark.slow
@pytest.mark.timeout(120 * REPEATS + 120)
def test_a_test_of_two_processes_parts_in_order(
    config: Path, checkpoint: Path, tmp_path: Path, start_tool: Callable, free_port: Callable
) -> None:
    """A rank could end in SIGABRT after its metrics were printed, as its peer was gone already."""
    ends: Counter = Counter()
    for number in range(REPEATS):
        folder = tmp_path / f'run{number}'
        process = start_tool(
            'tools/dist_test.sh', config, checkpoint, 2, '--work-dir', folder, PORT=free_port()
        )
        output, _ = process.communicate(timeout=240)
        ends[process.returncode] += 1
        assert process.returncode == 0 and 'Epoch(test)' in output, output
        assert 'destroy_process_group() was not called' not in output
        assert 'SIGABRT' not in output and 'terminate called' not in output
    print(f'{REPEATS} runs of two processes, exit codes {dict(ends)}')


@pytest.mark.slow
def test_a_training_has_its_work_dir_to_itself(
    config: Path, tmp_path: Path, start_tool: Callable, run_tool: Callable
) -> None:
    """A second one is refused and changes nothing; the first one ends on SIGTERM with one line."""
    work_dir = tmp_path / 'run'
    args = ('tools/train.py', config, '--work-dir', work_dir)
    options = ('--no-validate', '--cfg-options', 'train_cfg.max_epochs=1000')
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
    assert first.returncode == 143
    assert 'Traceback' not in output
    said = output.rstrip().splitlines()[-1]
    assert said.startswith('Terminated: ') and f'{work_dir}/epoch_' in said
    assert said.endswith(' --resume') and 'is kept; to go on: python ' in said
    assert not (work_dir / '.lock').exists()
