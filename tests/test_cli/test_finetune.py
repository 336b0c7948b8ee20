"""``actionclip finetune``: from a folder of clips to a model that predicts alone, and a report."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from actionclip_mm import ActionCLIPInferencer
from actionclip_mm.cli import finetune


@pytest.fixture
def clips(tmp_path: Path, write_video: Callable) -> Path:
    for label in ('wave', 'JumpHigh'):
        for number in range(4):
            write_video(tmp_path / 'my clips' / label / f'{label}{number}.mp4')
    return tmp_path / 'my clips'


def test_wrong_calls_are_one_line(tmp_path: Path, clips: Path, capsys) -> None:
    shutil.rmtree(clips / 'wave')
    for options, said in (
        ([str(clips)], 'has one class'),
        ([str(tmp_path / 'none')], 'does not exist'),
        ([str(clips), '--val-ratio', '2'], '--val-ratio'),
        ([str(clips), '--epochs', '0'], 'must be a positive integer'),
        ([str(clips), '--device', 'gpu7'], '--device'),
    ):
        with pytest.raises(SystemExit) as stop:
            finetune.main([*options, '--arch', 'mini'])
        error = capsys.readouterr().err
        assert stop.value.code == 2 and said in error and error.count('\n') == 1


@pytest.mark.slow
def test_a_folder_becomes_a_model_and_a_report(
    clips: Path, tmp_path: Path, run_tool: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    out = tmp_path / 'run'
    options = ('--arch', 'mini', '--frames', 4, '--epochs', 1, '--batch-size', 2, '--out', out)
    output = run_tool('finetune', clips, *options)
    for said in ('small data', 'memory', 'frozen', 'top-1', 'zero-shot', 'actionclip predict'):
        assert said in output, said
    assert (out / 'labels.txt').read_text().splitlines() == ['jump high', 'wave']
    lines = {split: (out / f'{split}.txt').read_text().splitlines() for split in ('train', 'val')}
    assert len(lines['train']) == 6 and len(lines['val']) == 2
    for name in ('best.pth', 'last.pth'):
        assert (out / name).is_symlink() and not (out / name).readlink().is_absolute()
    page = (out / 'report' / 'report.html').read_text()
    assert 'jump high' in page
    facts = json.loads((out / 'trial.json').read_text())
    assert facts['seconds'] > 0

    moved = out.rename(tmp_path / 'moved')
    shutil.copy(clips / 'wave' / 'wave0.mp4', tmp_path / 'elsewhere.mp4')
    shutil.rmtree(clips)
    answer = ActionCLIPInferencer(moved / 'best.pth')(tmp_path / 'elsewhere.mp4')
    assert set(answer.labels) == {'jump high', 'wave'}
