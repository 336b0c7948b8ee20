"""Files are whole or as they were, and --resume finds the newest one."""

import os
from pathlib import Path

import pytest
from mmengine.fileio import LocalBackend
from mmengine.runner import find_latest_checkpoint

from actionclip_mm.compat import files_written_in_place, resume_without_last_checkpoint


def test_a_file_is_written(tmp_path: Path) -> None:
    path = tmp_path / 'new' / 'epoch_1.pth'
    LocalBackend().put(b'weights', str(path))
    assert path.read_bytes() == b'weights'
    assert [file.name for file in path.parent.iterdir()] == ['epoch_1.pth']
    plain = tmp_path / 'plain'
    plain.write_bytes(b'')
    assert path.stat().st_mode == plain.stat().st_mode


def test_a_link_stays_one(tmp_path: Path) -> None:
    (tmp_path / 'disk').mkdir()
    (tmp_path / 'epoch_1.pth').symlink_to(tmp_path / 'disk' / 'weights')
    for content in (b'old', b'new'):  # where it leads nowhere yet, and where it does
        LocalBackend().put(content, str(tmp_path / 'epoch_1.pth'))
        assert (tmp_path / 'epoch_1.pth').is_symlink()
        assert (tmp_path / 'disk' / 'weights').read_bytes() == content


@pytest.mark.parametrize('step', ['fsync', 'replace'])
def test_a_crash_leaves_the_old_file(
    step: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / 'epoch_1.pth'
    path.write_bytes(b'old')

    def crash(*args: object) -> None:
        raise OSError('no space left on device')

    monkeypatch.setattr(os, step, crash)
    with pytest.raises(OSError, match='no space'):
        LocalBackend().put(b'new', str(path))
    assert path.read_bytes() == b'old'
    assert len(list(tmp_path.iterdir())) == 1


def test_a_host_that_renames_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def put(self: LocalBackend, obj: bytes, filepath: str) -> None:
        os.replace('temporary', filepath)

    monkeypatch.setattr(LocalBackend, 'put', put)
    files_written_in_place()
    assert LocalBackend.put is put


@pytest.mark.parametrize('content', [None, '', 'gone.pth'], ids=['absent', 'cut', 'dangling'])
def test_the_newest_checkpoint_is_found(content: str | None, tmp_path: Path) -> None:
    for name in ('epoch_2.pth', 'epoch_10.pth', 'best_acc_epoch_99.pth'):
        (tmp_path / name).touch()
    if content is not None:
        (tmp_path / 'last_checkpoint').write_text(content)
    assert find_latest_checkpoint(str(tmp_path)) == str(tmp_path / 'epoch_10.pth')


def test_the_named_checkpoint_comes_first(tmp_path: Path) -> None:
    for name in ('epoch_2.pth', 'epoch_10.pth'):
        (tmp_path / name).touch()
    (tmp_path / 'last_checkpoint').write_text(str(tmp_path / 'epoch_2.pth'))
    assert find_latest_checkpoint(str(tmp_path)) == str(tmp_path / 'epoch_2.pth')


def test_an_empty_folder_has_none(tmp_path: Path) -> None:
    assert find_latest_checkpoint(str(tmp_path)) is None


def test_every_reference_is_replaced_once() -> None:
    from mmengine.runner import checkpoint, runner

    before = runner.find_latest_checkpoint
    assert before is checkpoint.find_latest_checkpoint
    resume_without_last_checkpoint()
    assert runner.find_latest_checkpoint is before
