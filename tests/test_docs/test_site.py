"""The documentation builds without a warning, needs no network, and has every command and class."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from actionclip_mm.cli import COMMANDS

pytest.importorskip('sphinx', reason='the extra [docs] is not installed')
DOCS = Path(__file__).resolve().parents[2] / 'docs'
REGISTERED = re.compile(r'@[A-Z]+S\.register_module\(.*\)\nclass (\w+)')
FOLDERS = ('models', 'datasets', 'evaluation', 'engine')  # what importing the package registers


@pytest.fixture(scope='module')
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp('site')
    options = ['-W', '--keep-going', '-q', '-b', 'html', '-d', str(out / 'doctrees')]
    command = [sys.executable, '-m', 'sphinx', *options, str(DOCS), str(out / 'html')]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return out / 'html'


@pytest.mark.slow
def test_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    loads = re.compile(r'<(?:script|link|img)\b[^>]*(?:src|href)="https?://[^"]*"')
    for page in site.rglob('*.html'):
        found = [
            each for each in loads.findall(page.read_text(encoding='utf-8')) if 'rel="' not in each
        ]
        assert not found, f'{page.relative_to(site)}: {found[0]}'


@pytest.mark.slow
def test_every_page_is_reached_from_the_first(site: Path) -> None:
    link = re.compile(r'href="([^"#:?]+\.html)')
    seen, ahead = set(), [site / 'index.html']
    while ahead:
        page = ahead.pop()
        if page not in seen:
            seen.add(page)
            ahead += [(page.parent / each).resolve() for each in link.findall(page.read_text())]
    pages = {DOCS / page.relative_to(site).with_suffix('') for page in seen}
    missing = [
        path
        for path in (*DOCS.rglob('*.md'), *DOCS.rglob('*.ipynb'))
        if '_build' not in path.parts and path.with_suffix('') not in pages
    ]
    assert not missing


@pytest.mark.slow
def test_the_reference_has_every_command_and_component(site: Path) -> None:
    commands = (site / 'reference' / 'commands.html').read_text()
    assert all(f'id="actionclip-{name}"' in commands for name in COMMANDS)
    config = (site / 'reference' / 'config.html').read_text()
    package = DOCS.parent / 'actionclip_mm'
    files = [path for folder in FOLDERS for path in (package / folder).rglob('*.py')]
    names = [name for path in files for name in REGISTERED.findall(path.read_text())]
    assert len(names) > 30
    assert [name for name in names if f'.{name}"' not in config] == []
