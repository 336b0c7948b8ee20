"""Packed videos: the same frames at the same times, small, with a key frame every few frames."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from types import ModuleType

import av
import numpy as np
import pytest

from actionclip_mm.cli.pack import main
from actionclip_mm.datasets import RobustVideoDataset
from actionclip_mm.decoding import Video
from actionclip_mm.decoding.video_index import read_index
from actionclip_mm.preparation.packing import Settings, pack_video, packed_names
from actionclip_mm.utils.annotation_lists import read_lines

FORMATS = [
    'h264_audio.mp4', 'h264_open_gop.mp4', 'h264_cut.mp4', 'h264_pauses.mp4', 'h264_one.mp4',
    'h264_odd.mp4', 'h264_10bit.mp4', 'h264_full_range.mp4', 'h264.avi', 'h264.ts', 'hevc.mp4',
    'vp9_pauses.webm', 'mpeg4_b.avi', 'mjpeg_odd.avi', 'mpeg2.mpg', 'turned_90.mov',
    'turned_180.mov', 'turned_270.mp4',
]  # fmt: skip


def seconds(path: str) -> np.ndarray:
    """Time of each frame, from the first one."""
    index = read_index(path)
    with av.open(path) as container:
        base = container.streams.video[0].time_base
    assert base is not None
    return (index.times - index.times[0]) * float(base)


@pytest.mark.parametrize('name', FORMATS)
def test_frame_i_stays_frame_i(
    name: str, tmp_path: Path, numbered: ModuleType, numbered_video: Callable[[str], str]
) -> None:
    source, target = numbered_video(name), str(tmp_path / 'new' / 'packed.mp4')
    before = Video(source)
    result = pack_video(source, target, Settings())
    assert result.error is None and result.damage is None
    assert (result.frames, result.after) == (len(before.index), os.path.getsize(target))
    assert result.psnr > 35
    after = Video(target)
    frames = after.read(range(len(after.index)))
    numbers = [numbered.number_of(frame) for frame in frames]
    assert numbers == [numbered.number_of(f) for f in before.read(range(len(before.index)))]
    assert name.startswith('turned') or -1 not in numbers
    # the pixels of the original, and its size in even pixels
    original = before.read([0])[0]
    assert np.abs(np.subtract(frames[0].shape, original.shape)).max() <= 1
    assert np.abs(frames[0].mean((0, 1)) - original.mean((0, 1))).max() < 4
    if frames[0].shape == original.shape:
        assert np.abs(frames[0].astype(int) - original).mean() < 4
    if before.index.timed:
        np.testing.assert_allclose(seconds(target), seconds(source), atol=1e-3)
    with av.open(target) as container:
        assert not container.streams.audio and len(container.streams) == 1
    # a key frame every 12 frames
    keys = np.searchsorted(after.index.times, after.index.key_times)
    assert keys.tolist() == list(range(0, len(after.index), 12))
    assert after.index.seekable_by_count  # decord reads it, too
    assert os.listdir(tmp_path / 'new') == ['packed.mp4']


def test_short_side_and_quality(tmp_path: Path, write_video: Callable) -> None:
    y, x = np.mgrid[:360, :640]
    frames = [np.stack([x // 3, y // 2, (x + y + 9 * i) // 5 % 256], -1) for i in range(6)]
    source = str(write_video(tmp_path / 'a.mp4', np.stack(frames).astype(np.uint8)))
    results = {}
    for crf, fast in ((20, True), (20, False), (40, True)):
        target = tmp_path / f'{crf}{fast}.mp4'
        results[crf, fast] = pack_video(
            source, str(target), Settings(120, crf=crf, fast_decode=fast)
        )
        assert read_index(str(target)).size == (120, 214)
    assert results[20, True].psnr > 45 > results[40, True].psnr
    assert results[40, True].after < results[20, True].after
    small = pack_video(source, str(tmp_path / 'b.mp4'), Settings(1000))
    assert read_index(str(tmp_path / 'b.mp4')).size == (360, 640) and small.error is None


def test_nothing_is_left_of_a_video_that_cannot_be_read(
    tmp_path: Path, no_videos: dict[Path, str]
) -> None:
    for path, error in no_videos.items():
        assert pack_video(str(path), str(tmp_path / 'out' / 'x.mp4'), Settings()).error == error
    assert os.listdir(tmp_path / 'out') == []


def test_names_of_copies_differ() -> None:
    assert packed_names(['a/b.avi', 'c.mp4', 'c.mkv', 'd.webm', 'e']) == {
        'a/b.avi': 'a/b.mp4', 'c.mp4': 'c.mp4', 'c.mkv': 'c.mkv.mp4', 'd.webm': 'd.mp4',
        'e': 'e.mp4',
    }  # fmt: skip


@pytest.fixture
def listed(tmp_path: Path, write_video: Callable, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A list of three videos in ``videos``, one of which is a text file."""
    monkeypatch.chdir(tmp_path)
    for name in ('a b.avi', 'c/d 7.mp4'):
        write_video(tmp_path / 'videos' / name)
    (tmp_path / 'videos' / 'bad.mp4').write_text('no video')
    path = tmp_path / 'list.txt'
    path.write_text('a b.avi 0\nbad.mp4 1\n"c/d 7.mp4" 2 3\na b.avi 0\n')
    return path


def test_a_list_is_packed_once(listed: Path, capsys: pytest.CaptureFixture) -> None:
    assert main(['list.txt', 'out', '--workers', '2']) == 1
    shown = capsys.readouterr().out
    assert 'BAD bad.mp4: it is a text file, not a video file' in shown
    assert '2 of 3 videos, 24 frames' in shown
    lines = read_lines('out/list.txt')
    assert [(line.path, line.numbers) for line in lines] == [
        ('a b.mp4', [0]), ('bad.mp4', [1]), ('c/d 7.mp4', [2, 3]), ('a b.mp4', [0]),
    ]  # fmt: skip
    report = json.loads(Path('out/list_report.json').read_text())
    assert report['unreadable'] == {'bad.mp4': 'it is a text file, not a video file'}
    assert (report['packed'], report['frames']) == (2, 24)
    assert 25 < report['psnr_luma_db']['lowest'] <= report['psnr_luma_db']['highest']
    times = {path: path.stat().st_mtime_ns for path in Path('out/videos').rglob('*.mp4')}
    # again: only what is missing or changed
    assert main(['list.txt', 'out']) == 1
    assert '2 of 3 videos are packed already' in capsys.readouterr().out
    assert times == {path: path.stat().st_mtime_ns for path in Path('out/videos').rglob('*.mp4')}
    Path('out/videos/a b.mp4').unlink()
    with open('out/packed.jsonl', 'a') as file:
        file.write('{"source": ["cut')
    main(['list.txt', 'out', '--drop-unreadable', '--overwrite'])
    assert Path('out/videos/a b.mp4').is_file()
    assert 'bad.mp4' not in Path('out/list.txt').read_text()
    # and the data set reads it
    Path('out/one.txt').write_text('a b.mp4 0\n')
    dataset = RobustVideoDataset(
        'out/one.txt', [dict(type='VideoInit')], data_prefix=dict(video='out/videos')
    )
    assert dataset[0]['total_frames'] == 12


def children_of(process: int) -> list[str]:
    return [
        status.parent.name
        for status in Path('/proc').glob('[0-9]*/status')
        if f'\nPPid:\t{process}\n' in status.read_text()
    ]


def test_a_killed_run_leaves_no_half_file(
    listed: Path, numbered: ModuleType, tmp_path: Path
) -> None:
    """Killed in the middle of a long video, and run again."""
    numbered.write_numbered(tmp_path / 'videos' / 'bad.mp4', frames=250, size=(480, 640))
    command = [sys.executable, '-m', 'actionclip_mm', 'pack', 'list.txt', 'out', '--workers', '1']
    process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL)
    while not list(Path('out').rglob('.bad.mp4*.part')) and process.poll() is None:
        pass
    workers = children_of(process.pid)
    process.kill()
    process.wait()
    for _ in range(100):
        if not any(Path(f'/proc/{worker}').exists() for worker in workers):
            break
        time.sleep(0.1)
    assert sys.platform != 'linux' or workers
    assert not [worker for worker in workers if Path(f'/proc/{worker}').exists()]
    whole = sorted(path.name for path in Path('out').rglob('*.mp4') if path.name[0] != '.')
    assert whole == ['a b.mp4']
    subprocess.run(command, check=True, capture_output=True)
    assert len(read_index('out/videos/bad.mp4')) == 250


def test_lists_of_a_config(listed: Path, capsys: pytest.CaptureFixture) -> None:
    listed.write_text('a b.avi 0\n')
    Path('other.txt').write_text('"c/d 7.mp4" 1\n')
    Path('config.py').write_text(
        """
def loader(name):
    return dict(dataset=dict(type='RobustVideoDataset', ann_file=name,
                             data_prefix=dict(video='videos')))
train_dataloader = loader('list.txt')
val_dataloader = test_dataloader = loader('other.txt')
"""
    )
    assert main(['config.py', 'out', '--workers', '1']) == 0
    assert Path('out/list.txt').read_text() == 'a b.mp4 0\n'
    assert Path('out/other.txt').read_text() == 'c/d 7.mp4 1\n'
    assert f'{Path("out/other.txt")}   data_prefix: {Path("out/videos")}' in capsys.readouterr().out


@pytest.mark.parametrize(
    ('more', 'words'),
    [
        (['out', '--crf', '52'], 'must be in [0, 51], got 52'),
        (['out', '--gop', '0'], 'must be a positive integer, got 0'),
        (['out', '--data-prefix', 'nowhere'], 'None of the 4 videos'),
        (['.'], "'.' would overwrite the videos in 'videos': give another folder."),
        (['out', '--crf', '30'], "'out' was packed with crf 20: give another folder, or the same"),
    ],
)
def test_refusals(more: list[str], words: str, listed: Path, capsys: pytest.CaptureFixture) -> None:
    if '30' in more:
        main(['list.txt', 'out'])
    with pytest.raises(SystemExit) as stop:
        main(['list.txt', *more])
    assert stop.value.code == 2
    assert words in capsys.readouterr().err


def test_a_config_without_videos(listed: Path, capsys: pytest.CaptureFixture) -> None:
    Path('config.py').write_text("train_dataloader = dict(dataset=dict(type='ImageTextDataset'))")
    with pytest.raises(SystemExit):
        main(['config.py', 'out'])
    assert 'is a ImageTextDataset, which actionclip pack cannot' in capsys.readouterr().err


def test_ticks_are_kept(numbered: ModuleType, tmp_path: Path) -> None:
    ticks = [number * number for number in range(20)]
    source = numbered.write_numbered(tmp_path / 'a.mp4', frames=20, ticks=ticks)
    assert pack_video(str(source), str(tmp_path / 'b.mp4'), Settings()).error is None
    expected = [float(tick * Fraction(1, 10)) for tick in ticks]
    np.testing.assert_allclose(seconds(str(tmp_path / 'b.mp4')), expected, atol=1e-3)
