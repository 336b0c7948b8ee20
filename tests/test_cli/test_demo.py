"""``actionclip demo`` without its minutes: its steps exist, and how it runs one."""

import shutil
from pathlib import Path

import pytest
from PIL import Image

from actionclip_mm.cli import _demo_gif, demo
from actionclip_mm.utils.carried_files import carried


def test_every_step_names_files_of_the_installation(tmp_path: Path) -> None:
    steps = demo.steps(tmp_path)
    assert [title for title, _ in steps] == ['generate', 'train', 'zero-shot']
    named = [word for _, arguments in steps for word in arguments if word.endswith('.py')]
    assert len(named) == 2  # two configs
    assert all(Path(name).is_file() for name in named)


def test_a_step_shows_its_progress_and_keeps_everything(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    code = 'print("loaded"); print("time - mmengine - INFO - Epoch(train) [1][2/3]")'
    seconds = demo.run('train', ['-c', code], tmp_path / 'demo.log')
    assert 0 < seconds < 60
    assert capsys.readouterr().out.split() == ['Epoch(train)', '[1][2/3]']
    kept = (tmp_path / 'demo.log').read_text().splitlines()
    assert kept[0] == 'loaded' and len(kept) == 2


def test_a_step_that_fails_ends_the_demo(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    log = tmp_path / 'demo.log'
    with pytest.raises(SystemExit, match=f'The step "test" failed.*{log.name}'):
        demo.run('test', ['-c', 'raise ValueError("no weights")'], log)
    assert 'no weights' in capsys.readouterr().out and 'no weights' in log.read_text()


def test_a_gif_is_one_more_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    title, arguments = demo.steps(tmp_path, gif=Path('demo.gif'))[-1]
    assert title == 'draw'
    assert arguments[-2:] == [str(tmp_path / 'last.pth'), str(tmp_path / 'demo.gif')]


def test_the_gif_shows_clips_of_unseen_classes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    samples, data = carried('data/mini_clip/samples'), tmp_path / 'data' / 'mini'
    shutil.copytree(samples, data / 'videos' / 'unseen')
    names = (samples / 'labels.txt').read_text().splitlines()
    clips = sorted(samples.glob('*.mp4'))
    ids = [names.index(clip.stem.replace('_', ' ')) for clip in clips]
    (data / 'labels_unseen.txt').write_text('\n'.join(names))
    lines = [f'unseen/{clip.name} {number}\n' for clip, number in zip(clips, ids, strict=True)]
    (data / 'unseen.txt').write_text(''.join(lines))
    monkeypatch.chdir(tmp_path)
    _demo_gif.main(['mini', 'demo.gif'])
    assert f'{len(clips)} of {len(clips)} clips right: demo.gif' in capsys.readouterr().out
    assert Image.open('demo.gif').n_frames > 1
