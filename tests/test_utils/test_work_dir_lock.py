"""One run at a time in a work dir; what a killed run leaves does not block the next one."""

import errno
import fcntl
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from actionclip_mm.utils import WorkDirLock
from actionclip_mm.utils.work_dir_lock import LOCK_NAME

HOLD = """
import os, sys, time
from actionclip_mm.utils import WorkDirLock
lock = WorkDirLock(sys.argv[1])
if os.fork() == 0:  # as a worker of a data loader, which may outlive its parent
    time.sleep(60)
print('held', flush=True)
sys.stdin.read()
"""


@pytest.fixture(scope='module')
def hold() -> Iterator[Callable[[Path], subprocess.Popen]]:
    """Function that starts a process which holds a work dir until its stdin ends."""
    started = []

    def start(folder: Path) -> subprocess.Popen:
        process = subprocess.Popen(
            [sys.executable, '-c', HOLD, folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            text=True, start_new_session=True,
        )  # fmt: skip
        started.append(process)
        assert process.stdout is not None and process.stdout.readline() == 'held\n'
        return process

    yield start
    for process in started:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def test_a_second_run_is_refused_until_the_first_is_killed(
    tmp_path: Path, hold: Callable[[Path], subprocess.Popen]
) -> None:
    process = hold(tmp_path)
    said = rf'in use by process {process.pid} on .* stop it \(kill {process.pid}\) and .*--work-dir'
    for _ in range(2):
        with pytest.raises(RuntimeError, match=said) as caught:
            WorkDirLock(tmp_path)
        assert '\n' not in str(caught.value)
    process.kill()  # its fork lives on
    process.wait()
    with WorkDirLock(tmp_path):
        owner = json.loads((tmp_path / LOCK_NAME).read_text())
        assert owner['pid'] == os.getpid()
    assert list(tmp_path.iterdir()) == []


def test_a_run_and_its_parts_share_it(tmp_path: Path) -> None:
    with WorkDirLock(tmp_path / 'run'):
        with WorkDirLock(tmp_path / 'run'):
            pass
        assert (tmp_path / 'run' / LOCK_NAME).is_file()
        with WorkDirLock(tmp_path / 'other'):
            pass
    assert not (tmp_path / 'run' / LOCK_NAME).exists()


@pytest.mark.parametrize('content', ['', 'torn {', '{"pid": 1, "host": "elsewhere"}'])
def test_what_is_left_over_is_taken_over(content: str, tmp_path: Path) -> None:
    (tmp_path / LOCK_NAME).write_text(content)
    with WorkDirLock(tmp_path):
        assert json.loads((tmp_path / LOCK_NAME).read_text())['pid'] == os.getpid()


class TestDiskWithoutLocks:
    """Some network disks refuse locks: there the process that the file names decides."""

    @pytest.fixture(autouse=True)
    def no_locks(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse(*args: object) -> None:
            raise OSError(errno.ENOLCK, 'No locks available')

        monkeypatch.setattr(fcntl, 'lockf', refuse)

    def named(self, folder: Path, pid: int, host: str = os.uname().nodename) -> None:
        (folder / LOCK_NAME).write_text(json.dumps(dict(pid=pid, host=host)))

    def test_dead_process(self, tmp_path: Path) -> None:
        process = subprocess.Popen(['true'])
        process.wait()
        self.named(tmp_path, process.pid)
        with WorkDirLock(tmp_path):
            pass

    @pytest.mark.parametrize(
        ('host', 'words'),
        [
            (os.uname().nodename, r'stop it \(kill 1\) and go on with --resume, or'),
            ('elsewhere', 'if it is dead remove'),
        ],
    )
    def test_process_that_may_live(self, host: str, words: str, tmp_path: Path) -> None:
        self.named(tmp_path, 1, host)
        with pytest.raises(RuntimeError, match=words):
            WorkDirLock(tmp_path)


def test_a_run_that_has_not_named_itself_holds_it_too(tmp_path: Path) -> None:
    """Of two runs that start together, the second sees an empty file that is locked."""
    code = f"""
import fcntl, sys
file = open({str(tmp_path / LOCK_NAME)!r}, 'w')
fcntl.lockf(file, fcntl.LOCK_EX)
print('held', flush=True)
sys.stdin.read()
"""
    with subprocess.Popen(
        [sys.executable, '-c', code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None and process.stdout.readline() == 'held\n'
        with pytest.raises(RuntimeError, match='in use by process'):
            WorkDirLock(tmp_path)
        assert (tmp_path / LOCK_NAME).read_text() == ''
