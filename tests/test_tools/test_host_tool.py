"""The wrapper around mmaction2's tools: which file it runs, and what it says when there is none."""

import importlib.util
import re
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import mmaction
import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def host_tool(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """tools/_host_tool.py, which is no part of a package."""
    monkeypatch.syspath_prepend(str(ROOT / 'tools'))
    spec = importlib.util.spec_from_file_location('_host_tool', ROOT / 'tools' / '_host_tool.py')
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(sys, 'argv', ['tools/train.py', 'config.py', '--amp'])
    return module


@pytest.mark.parametrize('place', ['mmaction/.mim/tools', 'tools'], ids=['wheel', 'sources'])
def test_runs_the_hosts_file_with_the_arguments(
    place: str, host_tool: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool = tmp_path / place / 'train.py'
    tool.parent.mkdir(parents=True)
    out = tmp_path / 'out'
    tool.write_text(
        'import sys\n'
        'if __name__ == "__main__":\n'
        f'    open({str(out)!r}, "w").write(repr(sys.argv))\n'
    )
    monkeypatch.setattr(mmaction, '__file__', str(tmp_path / 'mmaction' / '__init__.py'))
    host_tool.run_host_tool('train.py')
    assert out.read_text() == repr([str(tool), 'config.py', '--amp'])


def test_host_tools_import_each_other(
    host_tool: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As package ``tools`` and by bare names, although this project has a folder ``tools`` too."""
    folder = tmp_path / 'mmaction' / '.mim' / 'tools'
    (folder / 'data').mkdir(parents=True)
    (folder / 'data' / 'parts.py').write_text('NAME = "parts of the host"')
    (folder / 'data' / 'predict.py').write_text('NAME = "predict of the host"')  # ours has one too
    out = tmp_path / 'out'
    (folder / 'data' / 'build.py').write_text(
        'import predict\n'
        'from tools.data.parts import NAME\n'
        f'open({str(out)!r}, "w").write(NAME + ", " + predict.NAME)\n'
    )
    monkeypatch.setattr(mmaction, '__file__', str(tmp_path / 'mmaction' / '__init__.py'))
    monkeypatch.syspath_prepend(str(ROOT / 'tools'))
    monkeypatch.delitem(sys.modules, 'predict', raising=False)
    before = [entry for entry in sys.path if entry != str(ROOT)]
    host_tool.run_host_tool('data/build')
    monkeypatch.delitem(sys.modules, 'predict')
    assert out.read_text() == 'parts of the host, predict of the host'
    assert [entry for entry in sys.path if entry != str(ROOT)] == before
    assert not [key for key in sys.modules if key.split('.')[0] == 'tools']


def test_a_host_without_tools_is_named(
    host_tool: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mmaction, '__file__', str(tmp_path / 'mmaction' / '__init__.py'))
    with pytest.raises(FileNotFoundError, match=r'mmaction2 carries no tools/train\.py') as error:
        host_tool.run_host_tool('train.py')
    assert '\n' not in str(error.value)


def test_a_checkout_that_was_not_installed_is_found(
    host_tool: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mmaction, '__file__', str(tmp_path / 'mmaction' / '__init__.py'))
    monkeypatch.setattr(sys, 'path', [entry for entry in sys.path if entry != str(ROOT)])
    with pytest.raises(FileNotFoundError):
        host_tool.run_host_tool('train.py')
    assert str(ROOT) in sys.path


@pytest.mark.parametrize('folder', ['analysis', 'convert'])
def test_tools_in_folders_find_the_checkout_too(
    folder: str, load_tool: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    tools = [
        path.relative_to(ROOT)
        for path in sorted((ROOT / 'tools' / folder).glob('[!_]*.py'))  # the others are their parts
        if re.search(r'^(from|import) actionclip_mm', path.read_text(), re.M)
    ]
    assert tools
    for tool in tools:
        monkeypatch.setattr(sys, 'path', [entry for entry in sys.path if entry != str(ROOT)])
        load_tool(str(tool))
        assert str(ROOT) in sys.path, f'{tool} works only where the package is installed'


@pytest.mark.parametrize('name', ['dist_train.sh', 'dist_test.sh'])
def test_shell_tools_say_how_they_are_used(name: str, run_tool) -> None:
    assert 'usage:' in run_tool(f'tools/{name}', ok=False)
