"""The tutorials' own steps run and give what the pages show."""

import re
import shlex
from importlib import import_module
from pathlib import Path

import pytest

TUTORIALS = Path(__file__).resolve().parents[2] / 'docs' / 'tutorials'
COMMANDS = ('features', 'search')
PYTHON = re.compile(r'^```python\n(.*?)^```', re.S | re.M)
SHOWN = re.compile(r'\n\n```\n(.*?)^```', re.S | re.M)


def test_a_long_video(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from actionclip_mm import ActionCLIPInferencer
    from actionclip_mm.utils.carried_files import carried

    page = (TUTORIALS / 'long_video.md').read_text(encoding='utf-8')
    monkeypatch.chdir(tmp_path)
    exec(PYTHON.findall(page)[0], {})
    labels = str(carried('data/mini_clip/samples/labels.txt'))
    timeline = ActionCLIPInferencer('mini').timeline('long.mp4', labels=labels, window=2.0)
    assert timeline.table().strip() == SHOWN.findall(page)[0].strip()


def test_search(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    page = (TUTORIALS / 'search.md').read_text(encoding='utf-8')
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'data').symlink_to(TUTORIALS.parents[1] / 'data')
    embed, ask = (re.findall(rf'^actionclip ({name} .*)', page, re.M)[0] for name in COMMANDS)
    for command in (embed, ask):
        name, *argv = shlex.split(command)
        capsys.readouterr()
        assert not import_module(f'actionclip_mm.cli.{name}').main(argv)
    assert SHOWN.findall(page)[0].strip() in capsys.readouterr().out
