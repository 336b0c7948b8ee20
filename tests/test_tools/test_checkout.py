"""Every tool runs from a checkout that was not installed."""

import ast
from pathlib import Path

import pytest

TOOLS = Path(__file__).resolve().parents[2] / 'tools'
SCRIPTS = [
    str(path.relative_to(TOOLS))
    for path in sorted(TOOLS.rglob('*.py'))
    if 'from actionclip_mm' in (text := path.read_text()) and "'__main__'" in text
]


def needs_the_package(script: Path, module: str) -> bool:
    """Whether it is the package, or a neighbour of the script that imports it at once."""
    neighbour = script.with_name(f'{module}.py')
    return module.startswith('actionclip_mm') or (
        neighbour.is_file() and '\nfrom actionclip_mm' in neighbour.read_text()
    )


def test_there_are_such_tools():
    assert len(SCRIPTS) > 10


@pytest.mark.parametrize('script', SCRIPTS)
def test_the_package_is_found_before_it_is_imported(script):
    """The folder that is added to the path holds the package, and comes first."""
    path = TOOLS / script
    nodes = [
        node
        for part in ast.parse(path.read_text()).body
        if not (isinstance(part, ast.If) and ast.unparse(part.test) == 'TYPE_CHECKING')
        for node in ast.walk(part)
    ]
    imports = [
        node.lineno
        for node in nodes
        if isinstance(node, ast.ImportFrom) and needs_the_package(path, str(node.module))
    ]
    added = {
        node.lineno: f'[{ast.unparse(node.args[0])}]'
        for node in nodes
        if isinstance(node, ast.Call) and ast.unparse(node.func) == 'sys.path.append'
    } | {
        node.lineno: ast.unparse(node.value)
        for node in nodes
        if isinstance(node, ast.AugAssign) and ast.unparse(node.target) == 'sys.path'
    }
    assert added and min(added) < min(imports)
    names = dict(Path=Path, __file__=str(path), ROOT=TOOLS.parent)
    folders = eval(added[min(added)], names)  # of this repository
    assert any((Path(folder) / 'actionclip_mm' / '__init__.py').is_file() for folder in folders)
