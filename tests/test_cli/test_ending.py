"""How commands end when they are interrupted: one line, an exit code, no orphaned child."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ENDS = [(signal.SIGINT, 130, 'Interrupted'), (signal.SIGTERM, 143, 'Terminated')]
IN_MAIN = """
from actionclip_mm.cli._ending import run_and_exit
def main():
    print('ready', flush=True)
    time.sleep(60)
run_and_exit(main, kept=lambda: 'three files are kept.')
"""
IN_IMPORTS = """
from actionclip_mm.cli._ending import catch_signals
catch_signals()
print('ready', flush=True)
time.sleep(60)  # as during slow imports
"""
REPLACED = """
from actionclip_mm.cli._ending import run_and_exit
def main():
    try:
        print('ready', flush=True)
        time.sleep(60)
    except:  # as mmengine does while it formats a config
        raise SyntaxError('no config')
run_and_exit(main, kept='three files are kept.')
"""
WITH_CHILD = """
from actionclip_mm.cli._ending import run_and_exit
from actionclip_mm.utils.child_process import child
def main():
    slow = 'import time; print("ready", flush=True); time.sleep(60)'
    with child([sys.executable, '-c', slow]) as process:
        print(process.pid, flush=True)
        process.wait()
run_and_exit(main)
"""


@pytest.fixture
def start() -> Iterator[Callable[..., subprocess.Popen]]:
    """Function that starts a program in the name of the ``actionclip`` command."""
    started = []

    def run(program: str, **env: str) -> subprocess.Popen:
        begin = 'import signal, sys, time\nsignal.signal(signal.SIGINT, signal.default_int_handler)'
        begin += "\nsys.argv[0] = 'actionclip'\n"
        process = subprocess.Popen(
            [sys.executable, '-c', begin + program],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, **env},
        )  # fmt: skip
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.communicate()


def line_of(process: subprocess.Popen) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


@pytest.mark.parametrize(('number', 'code', 'word'), ENDS)
@pytest.mark.parametrize(
    ('program', 'kept'),
    [
        (IN_MAIN, 'three files are kept.'),
        (IN_IMPORTS, 'nothing was done yet.'),
        (REPLACED, 'three files are kept.'),
    ],
)
def test_an_interrupted_command_prints_one_line(
    number: int, code: int, word: str, program: str, kept: str, start: Callable
) -> None:
    process = start(program)
    assert line_of(process) == 'ready'
    process.send_signal(number)
    _, said = process.communicate(timeout=20)
    assert (process.returncode, said.strip()) == (code, f'{word}: {kept}')


def test_other_ranks_are_silent(start: Callable) -> None:
    process = start(IN_MAIN, SLURM_PROCID='1')
    assert line_of(process) == 'ready'
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=20)[1] == '' and process.returncode == 130


def test_children_end_with_a_command(start: Callable) -> None:
    process = start(WITH_CHILD)
    said = sorted([line_of(process), line_of(process)])
    assert said[1] == 'ready'
    process.send_signal(signal.SIGTERM)
    process.wait(20)
    assert process.returncode == 143
    for _ in range(50):  # it may be a zombie until its new parent looks
        state = Path(f'/proc/{said[0]}/stat')
        if not state.exists() or state.read_text().split()[2] == 'Z':
            break
        time.sleep(0.1)
    else:
        pytest.fail('the child lives on')


def test_exit_codes_and_errors_are_kept(start: Callable) -> None:
    for main, code, words in (
        ('lambda: 3', 3, ''),
        ('lambda: None', 0, ''),
        ('lambda: sys.exit("Error: no file")', 1, 'Error: no file'),
        ('lambda: 1 // 0', 1, 'ZeroDivisionError'),
    ):
        process = start(f'from actionclip_mm.cli._ending import run_and_exit\nrun_and_exit({main})')
        _, said = process.communicate(timeout=20)
        assert process.returncode == code and words in said
    program = 'from actionclip_mm.cli._ending import run_and_exit\n'
    program += 'run_and_exit(lambda: print("caf\\udce9.mp4"))'
    process = start(program, PYTHONIOENCODING='utf-8')
    assert process.communicate(timeout=20)[0] == 'caf\\udce9.mp4\n' and process.returncode == 0
