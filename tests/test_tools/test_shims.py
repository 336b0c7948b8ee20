"""Files in tools/ are shims of commands, or scripts that import the installed package."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from actionclip_mm.cli import COMMANDS

TOOLS = Path(__file__).resolve().parents[2] / 'tools'
FILES = [str(path.relative_to(TOOLS)) for path in sorted(TOOLS.rglob('*.py'))]
SHIM = re.compile(
    r"""\"{3}The same as ``actionclip (?P<call>[\w -]+)``\.\"{3}

import sys

if __name__ == '__main__':
    sys\.argv\[:1\] = \['actionclip', (?P<words>[^\]]+)\]
    from actionclip_mm\.cli import main

    main\(\)
"""
)
SHIMS = {name: found for name in FILES if (found := SHIM.fullmatch((TOOLS / name).read_text()))}
SCRIPTS = [name for name in FILES if name not in SHIMS and '/_' not in f'/{name}']


def test_every_command_that_was_a_tool_has_its_shim() -> None:
    assert {'train.py', 'test.py', 'predict.py', 'demo.py', 'host.py', 'run_protocol.py'} <= set(
        SHIMS
    )
    assert all(name.startswith('analysis/') for name in SCRIPTS)


@pytest.mark.parametrize('name', SHIMS)
def test_a_shim_calls_the_command_that_it_names(name: str) -> None:
    words = re.findall(r"'([\w-]+)'", SHIMS[name]['words'])
    assert ' '.join(words) == SHIMS[name]['call']
    assert words[0] in COMMANDS
    run = [sys.executable, '-c', 'import runpy, sys; sys.argv = sys.argv[1:]\n'
           'try: runpy.run_path(sys.argv[0], run_name="__main__")\n'
           'finally: print("torch" in sys.modules, file=sys.stderr)']  # fmt: skip
    done = subprocess.run([*run, str(TOOLS / name), '--help'], capture_output=True, text=True)
    assert done.stdout.startswith(f'usage: actionclip {" ".join(words)}')
    assert (done.returncode, done.stderr) == (0, 'False\n')


def test_nothing_in_tools_changes_the_path() -> None:
    """A checkout is installed with ``pip install -e .`` instead."""
    for name in FILES:
        assert 'sys.path' not in (TOOLS / name).read_text(), name


@pytest.mark.parametrize('name', SCRIPTS)
def test_scripts_begin_and_end_as_commands_do(name: str) -> None:
    """They import ``_script`` before anything slow and end by ``run_and_exit``."""
    text = (TOOLS / name).read_text(encoding='utf-8')
    assert re.search(r"__name__ == '__main__':\n    run_and_exit\(", text)
    imports = re.findall(r'^(?:from|import) (\w+)', text, re.MULTILINE)
    assert next(name for name in imports if name not in sys.stdlib_module_names) == '_script'


@pytest.mark.parametrize('name', ['dist_train.sh', 'dist_test.sh'])
def test_shell_scripts_show_their_usage(name: str) -> None:
    done = subprocess.run([str(TOOLS / name)], capture_output=True, text=True)
    assert done.returncode == 2 and 'usage:' in done.stderr
