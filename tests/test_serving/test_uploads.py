"""The folder of uploads: what is inside, what is deleted, what is remembered."""

import os
from pathlib import Path

import pytest

from actionclip_mm import ActionCLIPInferencer
from actionclip_mm.serving import Uploads
from actionclip_mm.serving.uploads import RecentClips
from actionclip_mm.utils.carried_files import carried

SAMPLES = carried('data/mini_clip/samples')
BLUE = SAMPLES / 'three_blue_triangles.mp4'


def test_only_files_of_the_folders_are_covered(uploads: Uploads, tmp_path: Path) -> None:
    inside, secret = Path(uploads.folder, 'a', 'clip.mp4'), tmp_path / 'secret'
    inside.parent.mkdir()
    inside.touch()
    secret.touch()
    links = [Path(uploads.folder, name) for name in ('file', 'folder', 'good')]
    links[0].symlink_to(secret)
    links[1].symlink_to(tmp_path)
    links[2].symlink_to(inside)
    for path in (inside, BLUE, links[2], f'{uploads.folder}/a/../a/clip.mp4'):
        assert uploads.contains(str(path)), path
    outside = [secret, links[0], links[1] / 'secret', '/etc/passwd', 'a\0b', '', 'http://a/b.mp4']
    outside += [
        f'{uploads.folder}/../{secret.name}',
        f'{uploads.folder}x',
        f'{SAMPLES}/../README.md',
    ]
    for path in outside:
        assert not uploads.covers(str(path)) and not uploads.contains(str(path)), path
    assert not uploads.contains(uploads.folder)  # not a file
    uploads.delete(str(links[0]))
    uploads.delete(str(BLUE))
    assert secret.exists() and BLUE.exists()


def test_old_uploads_are_deleted_and_all_at_the_end(uploads: Uploads) -> None:
    old, new = (Path(uploads.folder, name) for name in ('old', 'new'))
    for path in (old, new):
        path.write_bytes(b'12345')
    os.utime(old, (0, 0))
    assert uploads.size() == 10
    uploads.delete_older(60)
    assert not old.exists() and new.exists()
    uploads.close()
    assert not Path(uploads.folder).exists()


def test_frames_are_remembered_within_time_and_memory(
    inferencer: ActionCLIPInferencer, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [100.0]
    monkeypatch.setattr('actionclip_mm.serving.uploads.time.monotonic', lambda: now[0])
    clips = sorted(map(str, SAMPLES.glob('*.mp4')))[:3]
    one = inferencer.read(clips[0])
    size = one.data['inputs'].nbytes + one.images().nbytes
    recent = RecentClips(inferencer.read, seconds=60, memory=2 * size)
    first = recent(clips[0])
    assert recent(clips[0]) is first and (first.images() == one.images()).all()
    assert (first.data['inputs'] == one.data['inputs']).all()
    recent(clips[1])
    recent(clips[2])
    assert [clip in recent for clip in clips] == [False, True, True]  # two fit
    now[0] += 60
    assert clips[2] not in recent
    assert recent.pipeline == inferencer.read.pipeline
