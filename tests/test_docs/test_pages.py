"""Paths, tests, modules, anchors and commands named in the documentation exist."""

import re
from pathlib import Path

import pytest

from actionclip_mm.cli import COMMANDS

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted(
    path
    for pattern in ('*.md', 'docs/**/*.md', 'data/**/*.md', 'configs/**/*.md', 'tests/data/**/*.md')
    for path in ROOT.glob(pattern)
    # the changelog names what versions had
    if path.name != 'CHANGELOG.md' and '_build' not in path.parts
)
FOLDERS = '|'.join(
    ('actionclip_mm', 'configs', 'docs', 'examples', 'requirements', 'tests', 'tools')
)
NAMED = re.compile(rf'(?<![\w./-])(?:{FOLDERS})/[\w./*{{}},-]*[\w/*}}]')
LINK = re.compile(r'\]\(([^)\s:]+)\)')
TEST = re.compile(r'(?<![\w/])([\w/]*/)?(test_\w+\.py)(?:::(?:\w+::)?(test_\w+))?')
MODULE = re.compile(r'\bactionclip_mm(?:\.[A-Za-z_]\w*)+')
CODE = re.compile(r'```.*?```|`[^`\n]+`', re.S)
COMMAND = re.compile(r'(?:\bactionclip|-m actionclip_mm) ([a-z][a-z-]*)')


def expand_braces(path: str) -> list[str]:
    """Expand ``a_{b,c}`` to ``a_b`` and ``a_c``."""
    match = re.search(r'{([^{}]*)}', path)
    if match is None:
        return [path]
    options = [path[: match.start()] + part + path[match.end() :] for part in match[1].split(',')]
    return [expanded for option in options for expanded in expand_braces(option)]


def anchors(document: Path) -> set[str]:
    """Anchors that GitHub makes of the headings of a document."""
    headings = re.findall(r'^#+ (.*)$', document.read_text(encoding='utf-8'), re.M)
    return {re.sub(r'[^\w -]', '', heading.lower()).replace(' ', '-') for heading in headings}


def is_module_or_attribute(name: str) -> bool:
    """Whether a dotted name is a module of the package, or a name that occurs in its module."""
    path, source, rest = ROOT, '', name.split('.')
    while rest and ((path / rest[0]).is_dir() or (path / f'{rest[0]}.py').is_file()):
        path /= rest.pop(0)
        file = path.with_suffix('.py') if not path.is_dir() else path / '__init__.py'
        source = file.read_text(encoding='utf-8') if file.is_file() else ''
    return not rest or re.search(rf'\b{rest[0]}\b', source) is not None


@pytest.mark.parametrize('document', DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_documented_paths_exist(document: Path) -> None:
    text = document.read_text(encoding='utf-8')
    missing = []
    for match in NAMED.finditer(text):
        if text[match.end() : match.end() + 1] in ('<', '…'):  # a placeholder
            continue
        if match[0].startswith('tools/test_'):  # short for tests/test_tools/test_…
            continue
        missing += [path for path in expand_braces(match[0]) if not any(ROOT.glob(path))]
    for target in LINK.findall(text):
        path, _, anchor = target.partition('#')
        file = document.parent / path if path else document
        if not file.exists() or (anchor and anchor not in anchors(file)):
            missing.append(target)
    for folder, name, function in TEST.findall(text):
        exact = folder.startswith('test_')
        files = list((ROOT / 'tests').rglob(folder * exact + name))
        if not any(f'def {function}' in file.read_text(encoding='utf-8') for file in files):
            missing.append(f'{name}::{function}')
    missing += [name for name in MODULE.findall(text) if not is_module_or_attribute(name)]
    assert not missing


@pytest.mark.parametrize('document', DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_documented_commands_exist(document: Path) -> None:
    code = '\n'.join(CODE.findall(document.read_text(encoding='utf-8')))
    assert set(COMMAND.findall(code)) <= COMMANDS.keys()
