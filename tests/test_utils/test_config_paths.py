"""Relative paths in configs."""

from pathlib import Path

import pytest
from mmengine.config import Config
from mmengine.runner import Runner

from actionclip_mm.compat import at_run, files
from actionclip_mm.utils import read_config
from actionclip_mm.utils.carried_files import carried

CONFIG = """
model = dict(head=dict(labels='labels.txt', names=['a.txt', 'b']), pretrained='{weights}')
loader = dict(dataset=dict(data_root='data', data_prefix=dict(video='videos'), ann_file='gone.txt'))
work_dir = 'runs'
note = 'labels'
"""
WEIGHTS = 'data/mini_clip/mini_clip.safetensors'


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A config in a folder with its files; the current folder is another one."""
    folder = tmp_path / 'own'
    for name in ('videos', 'data', 'runs'):
        (folder / name).mkdir(parents=True)
    for name in ('labels.txt', 'a.txt'):
        (folder / name).touch()
    (folder / 'config.py').write_text(CONFIG.format(weights=WEIGHTS))
    elsewhere = tmp_path / 'elsewhere'
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    return folder / 'config.py'


def test_files_next_to_the_config_and_of_the_package(config: Path) -> None:
    cfg = read_config(config)
    assert cfg.model.head.labels == str(config.parent / 'labels.txt')
    assert cfg.model.head.names == [str(config.parent / 'a.txt'), 'b']
    assert cfg.loader.dataset.data_root == str(config.parent / 'data')
    assert cfg.loader.dataset.data_prefix.video == str(config.parent / 'videos')
    assert cfg.model.pretrained == str(carried(WEIGHTS))


def test_the_current_folder_comes_first_and_other_values_stay(config: Path) -> None:
    Path('labels.txt').touch()
    cfg = read_config(config)
    assert cfg.model.head.labels == 'labels.txt'
    assert cfg.loader.dataset.ann_file == 'gone.txt'
    assert (cfg.work_dir, cfg.note) == ('runs', 'labels')


def test_runs_resolve_paths_too(config: Path) -> None:
    cfg = Config.fromfile(config)
    build = files._resolving(lambda cls, cfg: cfg.model.head.labels)  # in the place of from_cfg
    assert build(Runner, cfg) == str(config.parent / 'labels.txt')
    assert files.resolve_config_paths in at_run.FIXES
