"""docs/reliability.md is true: every test that it names exists, and every row names one."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / 'docs' / 'reliability.md').read_text()
SHORT = {
    'cli/': 'test_cli/',
    'hooks/': 'test_engine/test_hooks/',
    'preflight/': 'test_engine/test_preflight/',
    'preparation/': 'test_preparation/',
    'tools/': 'test_tools/',
    'utils/': 'test_utils/',
}
NAME = re.compile(r'`([\w/]*?(?:test_\w+/)?test_\w+\.py)?(?:::(?:Test\w+::)?(test_\w+))?`')


def named_tests() -> list[tuple[str, str]]:
    """File and function of every test in the text; a function alone belongs to the file before."""
    found, file = [], ''
    for match in NAME.finditer(TEXT):
        file = match[1] or file
        found.append((file, match[2] or ''))
    return found


@pytest.mark.parametrize(('file', 'function'), named_tests())
def test_named_tests_exist(file: str, function: str) -> None:
    for short, folder in SHORT.items():
        file = folder + file.removeprefix(short) if file.startswith(short) else file
    path = ROOT / 'tests' / file
    assert path.is_file()
    assert not function or f'def {function}(' in path.read_text()


def test_every_fault_has_its_test() -> None:
    injected = TEXT.split('## Interrupted runs')[1].split('## Not covered')[0]
    rows = [line for line in injected.splitlines() if line.startswith('| ')]
    faults = [row for row in rows if not row.startswith('| fault')]
    assert len(faults) > 20
    for row in faults:
        assert NAME.search(row.split('|')[-2]), row
