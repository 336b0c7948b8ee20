"""Child processes and what they leave: errors, metrics, and when a finished run counts."""

import sys
from pathlib import Path

import pytest
from mmengine.config import Config

from actionclip_mm.protocols import executor
from actionclip_mm.protocols.materials import Material


def test_metrics_that_are_missing(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=r'must give acc/top1, videos/listed, .* got no metrics'):
        executor.read_metrics(tmp_path / 'metrics.json', ['acc/top1'])
    (tmp_path / 'metrics.json').write_text('{"acc/top1": 1.0}')
    with pytest.raises(RuntimeError, match='got acc/top1$'):
        executor.read_metrics(tmp_path / 'metrics.json', ['acc/top1'])


def test_a_process_that_fails_gives_its_last_error(tmp_path: Path) -> None:
    command = [sys.executable, '-c', 'raise ValueError("no such class")']
    with pytest.raises(RuntimeError, match=r'ValueError: no such class \(full log: .*\.log\)'):
        executor.call(command, tmp_path / 'output.log')
    said = r'print("x: error: no such file\nlaunch.ChildFailedError: \nrest"); raise SystemExit(2)'
    with pytest.raises(RuntimeError, match=r'^x: error: no such file \('):
        executor.call([sys.executable, '-c', said], tmp_path / 'output.log')
    with pytest.raises(RuntimeError, match='it printed no error'):
        executor.call([sys.executable, '-c', 'raise SystemExit(3)'], tmp_path / 'output.log')


def test_a_file_that_a_config_names_decides_a_run(tmp_path: Path) -> None:
    templates = tmp_path / 'templates.txt'
    templates.write_text('{}')
    encoder = dict(templates=str(templates), labels=['sit'], arch='ViT-B-16', pretrained=None)
    config = Config(dict(model=dict(cls_head=dict(label_encoder=encoder))))
    assert executor.files_of(config.model) == [templates]
    material = Material(('sit',), ('a.mp4 0',), tmp_path, 'all classes', 'list')
    before = executor.digest(config, material, 'a', 1)
    assert (
        executor.digest(config, material, 'a', 1)
        == before
        != executor.digest(config, material, 'b', 1)
    )
    templates.write_text('a video of {}')
    assert executor.digest(config, material, 'a', 1) != before
