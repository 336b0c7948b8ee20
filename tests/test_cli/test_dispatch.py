"""The ``actionclip`` command: its table, its help, and what it does not import."""

import subprocess
import sys
from pathlib import Path

import pytest

from actionclip_mm.cli import COMMANDS

HEAVY = ('torch', 'numpy', 'cv2', 'mmengine', 'mmcv', 'mmaction', 'open_clip', 'av', 'decord')
SPY = f"""
import sys
sys.argv = ['actionclip', *sys.argv[1:]]
from actionclip_mm.cli import main
try:
    main()
finally:
    loaded = [name for name in {HEAVY} if name in sys.modules]
    print('imported:', *loaded, file=sys.stderr)
"""


def call(*argv: str, cwd: Path | None = None) -> subprocess.CompletedProcess:
    """Run the command in a fresh process, which reports the heavy modules that it imported."""
    command = [sys.executable, '-c', SPY, *argv]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd)


@pytest.mark.parametrize('argv', [['--help'], ['--version'], [], ['trian']])
def test_the_command_itself_imports_nothing_heavy(argv: list[str]) -> None:
    done = call(*argv)
    assert done.stderr.splitlines()[-1] == 'imported:'
    assert done.returncode == (0 if argv and argv[0].startswith('--') else 2)


def test_help_lists_every_command() -> None:
    out = call('--help').stdout
    for name, line in COMMANDS.items():
        assert f'  {name} ' in out and line in out


def test_an_unknown_command_gets_a_suggestion() -> None:
    assert "unknown command 'trian': did you mean train?" in call('trian').stderr


def test_the_module_is_the_same_command() -> None:
    command = [sys.executable, '-m', 'actionclip_mm']
    done = subprocess.run([*command, '--help'], capture_output=True, text=True, check=True)
    assert done.stdout == call('--help').stdout


@pytest.mark.slow
def test_importing_the_package_elsewhere_registers_at_once() -> None:
    code = 'import actionclip_mm, sys; print("actionclip_mm.models" in sys.modules)'
    worker = 'import multiprocessing as m; m.current_process().name = "SpawnProcess-1"\n'
    for begin in ('', f'{worker}import sys; sys.argv[0] = "actionclip"\n'):
        done = subprocess.run([sys.executable, '-c', begin + code], capture_output=True, text=True)
        assert done.stdout.split()[-1] == 'True', done.stderr


# command -> a wrong call and a part of the answer
WRONG_CALLS = {
    'predict': (['gone.mp4', '--labels', 'a'], "no such file or folder: 'gone.mp4'"),
    'timeline': (['gone.mp4', '--labels', 'a'], "no such video file: 'gone.mp4'"),
    'train': (['gone.py'], "argument config: no such file: 'gone.py'"),
    'test': ([__file__, 'gone.pth'], "argument checkpoint: no such file: 'gone.pth'"),
    'host': (['get_flop'], 'did you mean get_flops?'),
    'check-videos': (['gone.txt'], 'gone.txt'),
    'pack': (['gone.txt', 'x'], "argument list: no such file: 'gone.txt'"),
    'cache-features': (['gone.py', '--out', 'x'], "argument config: no such file: 'gone.py'"),
    'report': (['gone'], "no such folder: 'gone'"),
    'prepare': (['ucf102'], 'ucf102'),
    'protocol': (['few_shot'], 'few_shot'),
    'convert': (['gone.pt', 'x.pth'], "argument src: no such file: 'gone.pt'"),
    'export': (['gone.pth', 'x.pth'], "argument checkpoint: no such file: 'gone.pth'"),
    'finetune': (['gone', '--arch', 'mini'], "'gone' does not exist"),
    'prompts': (['--labels', 'a', 'a'], "both 'a'"),
    'doctor': (['--gone'], 'unrecognized arguments'),
    'models': (['--gone'], 'unrecognized arguments'),
    'features': (['gone.mp4', '--out', 'x'], "no such file or folder: 'gone.mp4'"),
    'search': (['gone', 'a door'], "argument DIR: no such folder: 'gone'"),
    'serve': (['--port', '70000'], 'must be a port from 0 to 65535, got 70000'),
    'demo': (['--work-dir', '/dev/null/x'], '/dev/null'),
    'benchmark': (['views', 'gone.py'], "argument config: no such file: 'gone.py'"),
}


@pytest.mark.parametrize('name', COMMANDS)
def test_wrong_calls_and_help_import_nothing_heavy(name: str, tmp_path: Path) -> None:
    argv, message = WRONG_CALLS[name]
    wrong = call(name, *argv, cwd=tmp_path)
    assert wrong.returncode == 2
    assert message in wrong.stderr
    assert wrong.stderr.splitlines()[-1] in ('imported:', 'imported: numpy')
    shown = call(name, '--help')
    assert shown.returncode == 0 and shown.stdout.startswith(f'usage: actionclip {name}')
    assert shown.stderr.splitlines()[-1] in ('imported:', 'imported: numpy')
