"""Files are whole or as they were, hold the right epoch, and --resume finds the newest one."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from mmengine.fileio import LocalBackend
from mmengine.runner import FlexibleRunner, find_latest_checkpoint

from actionclip_mm.compat.files import write_files_atomically


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


def test_a_host_that_renames_is_left_alone(
    monkeypatch: pytest.MonkeyPatch, apply_again: Callable
) -> None:
    def put(self: LocalBackend, obj: bytes, filepath: str) -> None:
        os.replace('temporary', filepath)

    monkeypatch.setattr(LocalBackend, 'put', put)
    assert not apply_again(write_files_atomically)
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


def test_a_work_dir_that_was_moved_or_copied(tmp_path: Path) -> None:
    """last_checkpoint holds an absolute path; the file of that name in the folder is meant."""
    old, new = tmp_path / 'old', tmp_path / 'new'
    for folder in (old, new):
        folder.mkdir()
        (folder / 'epoch_2.pth').touch()
        (folder / 'last_checkpoint').write_text(str(old / 'epoch_2.pth'))
    assert find_latest_checkpoint(str(new)) == str(new / 'epoch_2.pth')
    (old / 'epoch_2.pth').unlink()
    assert find_latest_checkpoint(str(new)) == str(new / 'epoch_2.pth')


def test_checkpoints_in_another_folder(tmp_path: Path) -> None:
    """As CheckpointHook.out_dir puts them."""
    (tmp_path / 'elsewhere').mkdir()
    (tmp_path / 'elsewhere' / 'epoch_2.pth').touch()
    (tmp_path / 'last_checkpoint').write_text(str(tmp_path / 'elsewhere' / 'epoch_2.pth'))
    assert find_latest_checkpoint(str(tmp_path)) == str(tmp_path / 'elsewhere' / 'epoch_2.pth')


def test_an_empty_folder_has_none(tmp_path: Path) -> None:
    assert find_latest_checkpoint(str(tmp_path)) is None


def test_every_reference_is_replaced() -> None:
    from mmengine.runner import _flexible_runner, checkpoint, runner

    for module in (_flexible_runner, checkpoint, runner):
        assert module.find_latest_checkpoint is find_latest_checkpoint


class Strategy:
    def save_checkpoint(self, filename: str, *, extra_ckpt: dict, **kwargs: object) -> None:
        self.saved = dict(extra_ckpt['meta'])


class Loop:
    epoch, iter, dataset = 1, 7, None


def save_epoch(runner: Any, **kwargs: Any) -> tuple[int, int]:
    FlexibleRunner.save_checkpoint(runner, 'folder', 'epoch_1.pth', **kwargs)
    return runner.strategy.saved['epoch'], runner.strategy.saved['iter']


class Runner:
    """What save_checkpoint needs of a runner that stands behind its first epoch."""

    epoch, iter, experiment_name = 1, 7, 'tiny'
    train_dataloader = Loop
    cfg = type('Cfg', (), dict(pretty_text=''))
    message_hub = type('Hub', (), dict(state_dict=staticmethod(dict)))

    def __init__(self) -> None:
        self.strategy = Strategy()


def test_the_epoch_that_the_hook_says() -> None:
    runner = Runner()
    assert save_epoch(runner, meta=dict(epoch=1, iter=7)) == (1, 7)
    assert 'save_checkpoint' not in vars(runner.strategy)
    assert save_epoch(runner) == (2, 7)  # inside of an epoch, nobody says
    assert save_epoch(runner, by_epoch=False) == (1, 8)
