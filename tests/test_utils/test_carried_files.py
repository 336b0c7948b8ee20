"""Files that every installation carries."""

from pathlib import Path

import pytest

from actionclip_mm.utils.carried_files import carried, find_file

MINI = 'data/mini_clip/mini_clip.safetensors'


def test_carried_files_exist_whatever_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ('configs', 'tools/train.py', 'model-index.yml', MINI):
        assert carried(name).exists()
    with pytest.raises(FileNotFoundError, match="lacks 'configs/none.py': install it again"):
        carried('configs/none.py')


def test_the_users_own_file_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert find_file(MINI) == str(carried(MINI))
    assert find_file('gone.pt') == 'gone.pt'
    (tmp_path / MINI).parent.mkdir(parents=True)
    (tmp_path / MINI).touch()
    assert find_file(MINI) == MINI
