"""``clip`` is the only importer of open_clip, and depends on ``utils`` alone."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import actionclip_mm

PACKAGE = Path(actionclip_mm.__file__).parent


def imports(path: Path) -> Iterator[str]:
    """Absolute names of the modules that a file imports."""
    here = ['actionclip_mm', *path.relative_to(PACKAGE).parent.parts]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parent = here[: len(here) - node.level + 1] if node.level else []
            base = [*parent, *(node.module or '').split('.')]
            yield '.'.join(filter(None, base))


FOLDERS = sorted({str(p.parent.relative_to(PACKAGE)) for p in PACKAGE.rglob('*.py')})


@pytest.mark.parametrize('folder', FOLDERS)
def test_only_clip_imports_open_clip(folder: str) -> None:
    importers = [
        path
        for path in (PACKAGE / folder).glob('*.py')
        if any(name.split('.')[0] == 'open_clip' for name in imports(path))
    ]
    assert folder == 'clip' or not importers
    assert folder != 'clip' or importers


def test_clip_depends_only_on_compat_and_utils() -> None:
    ours = {
        name
        for path in (PACKAGE / 'clip').glob('*.py')
        for name in imports(path)
        if name.startswith('actionclip_mm.')
    }
    assert {name.split('.')[1] for name in ours} == {'clip', 'compat', 'utils'}
