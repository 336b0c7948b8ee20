"""How tools end when they are stopped: one line, an exit code, no child that goes on."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ENDS = [(signal.SIGINT, 130, 'Interrupted'), (signal.SIGTERM, 143, 'Terminated')]
IN_MAIN = """
from _entry import run_tool
def main():
    print('ready', flush=True)
    time.sleep(60)
run_tool(main, kept=lambda: 'three files are kept.')
"""
IN_IMPORTS = """
import _entry
_entry.catch_signals()
print('ready', flush=True)
time.sleep(60)  # where a tool imports what is slow
"""
WITH_CHILD = """
from _entry import child, run_tool
def main():
    slow = 'import time; print("ready", flush=True); time.sleep(60)'
    with child([sys.executable, '-c', slow]) as process:
        print(process.pid, flush=True)
        process.wait()
run_tool(main)
"""


@pytest.fixture
def start() -> Iterator[Callable[..., subprocess.Popen]]:
    """Function that starts a program which can import ``_entry``."""
    started = []

    def run(program: str, **env: str) -> subprocess.Popen:
        begin = 'import signal, sys, time\nsignal.signal(signal.SIGINT, signal.default_int_handler)'
        begin += f'\nsys.path.append({str(ROOT / "tools")!r})\n'
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
    ('program', 'kept'), [(IN_MAIN, 'three files are kept.'), (IN_IMPORTS, 'nothing was done yet.')]
)
def test_a_stopped_tool_says_one_line(
    number: int, code: int, word: str, program: str, kept: str, start: Callable
) -> None:
    process = start(program)
    assert line_of(process) == 'ready'
    process.send_signal(number)
    _, said = process.communicate(timeout=20)
    assert (process.returncode, said.strip()) == (code, f'{word}: {kept}')


def test_processes_but_the_first_are_silent(start: Callable) -> None:
    process = start(IN_MAIN, SLURM_PROCID='1')
    assert line_of(process) == 'ready'
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=20)[1] == '' and process.returncode == 130


def test_children_end_with_a_tool(start: Callable) -> None:
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


def test_exit_codes_and_errors_stay(start: Callable) -> None:
    for main, code, words in (
        ('lambda: 3', 3, ''),
        ('lambda: None', 0, ''),
        ('lambda: sys.exit("Error: no file")', 1, 'Error: no file'),
        ('lambda: 1 // 0', 1, 'ZeroDivisionError'),
    ):
        process = start(f'from _entry import run_tool\nrun_tool({main})')
        _, said = process.communicate(timeout=20)
        assert process.returncode == code and words in said
    program = 'from _entry import run_tool\nrun_tool(lambda: print("caf\\udce9.mp4"))'
    process = start(program, PYTHONIOENCODING='utf-8')
    assert process.communicate(timeout=20)[0] == 'caf\\udce9.mp4\n' and process.returncode == 0


def test_every_tool_begins_and_ends_this_way() -> None:
    """What can be started imports ``_entry`` before anything slow, and ends by ``run_tool``."""
    tools = [
        path
        for path in (ROOT / 'tools').rglob('*.py')
        if "__name__ == '__main__'" in path.read_text(encoding='utf-8')
    ]
    assert len(tools) > 25
    for path in tools:
        text = path.read_text(encoding='utf-8')
        assert re.search(r"__name__ == '__main__':\n(    .*\n)*    run_tool\(", text), path
        imports = re.findall(r'^(?:from|import) (\w+)', text, re.MULTILINE)
        slow = [name for name in imports if name not in sys.stdlib_module_names]
        assert slow[0] == '_entry', path
