"""The tutorials' own steps run and give what the pages show."""

import re
from pathlib import Path

import pytest

TUTORIALS = Path(__file__).resolve().parents[2] / 'docs' / 'tutorials'
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
