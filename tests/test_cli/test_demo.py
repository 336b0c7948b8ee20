"""``actionclip demo`` without its minutes: its steps exist, and how it runs one."""

from pathlib import Path

import pytest

from actionclip_mm.cli import demo


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
