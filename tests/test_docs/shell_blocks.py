"""Run the shell blocks of a page with stand-ins for every program, and parse the calls."""

import argparse
import json
import os
import re
import stat
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from unittest.mock import patch

ROOT = Path(__file__).resolve().parents[2]
BLOCK = re.compile(r'^( *)```(?:bash|shell|sh|console)\n(.*?)^ *```', re.S | re.M)
PROGRAMS = ('actionclip', 'python', 'pip', 'make', 'bash', 'torchrun', 'pytest', 'pre-commit')
SCRIPTS = ('tools/dist_train.sh', 'tools/dist_test.sh', '.ci/matrix', '.venv/bin/activate')
RECORDER = f"""#!{sys.executable} -IS
import json, os, sys
name = os.environ['STAND_INS']
program = os.path.relpath(sys.argv[0], name)
stdin = sys.stdin.read() if '-' in sys.argv[1:2] else ''
with open(name + '/calls', 'a') as file:
    file.write(json.dumps([program, sys.argv[1:], stdin]) + chr(10))
"""


class Parsed(BaseException):
    """A command line was accepted by its parser."""


def blocks(page: str) -> list[str]:
    """Shell blocks of a page."""
    return [match[2] for match in BLOCK.finditer(page)]


def calls(script: str, folder: Path) -> list[tuple[str, list[str], str]]:
    """Programs that a shell script starts, with their arguments and standard input.

    No program runs: the search path has stand-ins that note how they were called.

    Raises:
        AssertionError: The script calls another program, or bash does not understand it.
    """
    programs = folder / 'programs'
    for name in (*PROGRAMS, *SCRIPTS):
        path = (folder if '/' in name else programs) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text('' if name.endswith('activate') else RECORDER)
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
    for name in ('cat', 'echo', 'seq'):
        (programs / name).symlink_to(f'/bin/{name}')
    env = dict(os.environ, PATH=str(programs), STAND_INS=str(folder))
    options = dict(cwd=folder, env=env, capture_output=True, text=True)
    # failures of stand-ins' missing outputs are expected; unknown programs and bad syntax are not
    done = subprocess.run(['/bin/bash', '-c', script], **options)
    wrong = [line for line in done.stderr.splitlines() if 'cat: ' not in line]
    assert not wrong, '\n'.join(wrong)
    file = folder / 'calls'
    lines = file.read_text().splitlines() if file.exists() else []
    return [
        (each[0].removeprefix('programs/'), each[1], each[2]) for each in map(json.loads, lines)
    ]


@contextmanager
def parsers_that_stop() -> Iterator[None]:
    """Make parsers accept missing files, which pages name, and stop after parsing."""
    parse, read = argparse.ArgumentParser.parse_args, argparse.ArgumentParser._get_value

    def parse_args(self, args=None, namespace=None):
        result = parse(self, args, namespace)
        if self.prog in ('actionclip host', 'actionclip prepare'):  # the rest has its own parser
            return result
        raise Parsed

    def get_value(self, action, text):
        try:
            return read(self, action, text)
        except argparse.ArgumentError as error:
            if 'no such f' not in str(error):
                raise
            return text

    with (
        patch.object(argparse.ArgumentParser, 'parse_args', parse_args),
        patch.object(argparse.ArgumentParser, '_get_value', get_value),
    ):
        yield


def parse_command(name: str, argv: Sequence[str]) -> None:
    """Give arguments to the parser of ``actionclip NAME``.

    Raises:
        SystemExit: The parser refuses them.
    """
    module = import_module(f'actionclip_mm.cli.{name.replace("-", "_")}')
    if name == 'host' and argv and argv[0] != '--list':
        parse_host_tool(*argv)
        return
    try:
        with parsers_that_stop():
            module.main(list(argv))
    except Parsed:
        pass


def parse_host_tool(name: str, *argv: str) -> None:
    """Give arguments to the parser of one of mmaction2's tools."""
    from actionclip_mm.host_tools.finding import add_host_options, find_host_tool

    if name == 'NAME':
        return
    parser = argparse.ArgumentParser(prog=name)
    add_host_options(parser, find_host_tool(name), {})
    if '--help' not in argv:
        parser.parse_args(argv)
