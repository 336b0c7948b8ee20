"""Running mmaction2's tools: which file, and the error if there is none."""

import argparse
import sys
from pathlib import Path

import pytest

from actionclip_mm.host_tools import finding
from actionclip_mm.host_tools.running import run_host_tool

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder instead of that of mmaction2."""

    def host_folder(name: str, *parts: str) -> Path:
        return tmp_path.joinpath(name, *parts)

    monkeypatch.setattr(finding, 'host_folder', host_folder)
    monkeypatch.setattr(sys, 'argv', list(sys.argv))
    return tmp_path / 'mmaction'


@pytest.mark.parametrize('place', ['mmaction/.mim/tools', 'tools'], ids=['wheel', 'sources'])
def test_runs_the_hosts_file_with_the_arguments(
    place: str, package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool = tmp_path / place / 'train.py'
    tool.parent.mkdir(parents=True)
    out = tmp_path / 'out'
    tool.write_text(
        'import sys\n'
        'if __name__ == "__main__":\n'
        f'    open({str(out)!r}, "w").write(repr(sys.argv))\n'
    )
    run_host_tool('train.py', ['config.py', '--amp'])
    assert out.read_text() == repr([str(tool), 'config.py', '--amp'])


def test_host_tools_import_each_other(
    package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
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
    monkeypatch.syspath_prepend(str(ROOT / 'tools'))
    monkeypatch.delitem(sys.modules, 'predict', raising=False)
    before = [entry for entry in sys.path if entry != str(ROOT)]
    run_host_tool('data/build', [])
    monkeypatch.delitem(sys.modules, 'predict')
    assert out.read_text() == 'parts of the host, predict of the host'
    assert [entry for entry in sys.path if entry != str(ROOT)] == before
    assert not [key for key in sys.modules if key.split('.')[0] == 'tools']


def test_a_host_without_tools_is_named(
    package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(FileNotFoundError, match=r'mmaction2 has no tools/train\.py') as error:
        run_host_tool('train.py', [])
    assert '\n' not in str(error.value)


def test_options_are_read_from_the_source_of_a_tool(tmp_path: Path) -> None:
    tool = tmp_path / 'tool.py'
    tool.write_text(
        "parser.add_argument('config', help='a file')\n"
        "parser.add_argument('--cfg-options', nargs='+', action=DictAction)\n"
        "parser.add_argument('--seed', type=int, default=compute())\n"
    )
    parser = argparse.ArgumentParser()
    finding.add_host_options(parser, tool, {'config': Path})
    args = parser.parse_args(['x.py', '--seed', '3', '--cfg-options', 'a=1', 'b=2'])
    assert (args.config, args.seed) == (Path('x.py'), 3)
