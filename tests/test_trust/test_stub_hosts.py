"""On hosts whose loaders run what a checkpoint holds, nothing is run once the package is there."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from actionclip_mm.compat import checkpoints

WORKER = Path(__file__).resolve().parents[1] / 'stub_host_worker.py'


def run(kind: str, folder: Path, compat: str = 'on') -> subprocess.CompletedProcess:
    command = [sys.executable, '-W', 'ignore', str(WORKER), kind, str(folder)]
    env = {**os.environ, 'ACTIONCLIP_MM_COMPAT': compat}
    return subprocess.run(command, capture_output=True, text=True, timeout=300, env=env)


@pytest.mark.parametrize('kind', ['onedl', 'main'])
def test_every_scheme_refuses_code(kind: str, tmp_path: Path) -> None:
    process = run(kind, tmp_path)
    assert process.returncode == 0, process.stderr
    answers = json.loads(process.stdout.splitlines()[-1])
    # it falls back to a buffer that is at its end already
    safe: tuple = ('s3 ', 'petrel ') if kind == 'onedl' else ()
    ran = {said for name, said in answers['before'].items() if not name.startswith(safe)}
    assert ran == {'RAN'}  # or this test could not fail
    check_refusals(answers['after'], 'CheckpointRefused: ')
    assert answers['good'] and answers['numpy']
    assert 'Falling back' not in process.stdout + process.stderr


def check_refusals(answers: dict[str, str], kind: str) -> None:
    assert len(answers) == 26
    for name, said in answers.items():
        assert said.startswith(kind), (name, said)
        assert 'mkdir' in said, (name, said)


def test_our_api_refuses_code_even_with_fixes_switched_off(tmp_path: Path) -> None:
    process = run('onedl', tmp_path, compat='off')
    assert process.returncode == 0, process.stderr
    check_refusals(json.loads(process.stdout.splitlines()[-1])['after'], 'ValueError: ')


def test_a_host_that_cannot_be_guarded_is_refused(tmp_path: Path) -> None:
    process = run('pickle', tmp_path)
    assert process.returncode != 0
    assert 'runs code in checkpoints' in process.stderr.splitlines()[-1]


def test_the_marker_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    checkpoints.check_loader_with_marker()
    import pickle

    from mmengine.runner import CheckpointLoader

    def load(filename: str, *_: object) -> object:
        with open(filename, 'rb') as file:
            return pickle.load(file)

    for loader in (load, lambda *_: {}):  # runs it; takes it for something else
        monkeypatch.setattr(CheckpointLoader, 'load_checkpoint', staticmethod(loader))
        with pytest.raises(RuntimeError, match='pip install'):
            checkpoints.check_loader_with_marker()
