"""The multi-label mini benchmark end to end, on a few videos: train, test, draw."""

import re
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import numpy as np
import pytest

from actionclip_mm.evaluation import class_precision, read_class_rows, read_dump

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
NUM_CLASSES = 19


@pytest.fixture(scope='module')
def data(tmp_path_factory: pytest.TempPathFactory, write_video: Callable) -> Path:
    """Nine videos: the first has no label, the last is not a video."""
    folder = tmp_path_factory.mktemp('multilabel')
    lines = ['0.mp4']
    write_video(folder / '0.mp4')
    for index in range(1, 9):
        write_video(folder / f'{index}.mp4')
        lines.append(f'{index}.mp4 {index % 4} {4 + index % 3} {7 + index}')
    (folder / 'train.txt').write_text('\n'.join(lines[:8]))
    (folder / '8.mp4').write_text('no video')
    (folder / 'val.txt').write_text('\n'.join(lines))
    return folder


@pytest.fixture
def config(data: Path, tmp_path: Path) -> Callable[[str], Path]:
    """Function that writes a config of the mini benchmark on these videos, with two steps."""

    def write(name: str) -> Path:
        path = tmp_path / 'config.py'
        path.write_text(
            dedent(f"""
            _base_ = '{ROOT}/configs/mini/{name}.py'
            names = {[f'attribute {index}' for index in range(NUM_CLASSES)]}
            model = dict(cls_head=dict(label_encoder=dict(labels=names)))
            folder = dict(data_prefix=dict(video='{data}'))
            loader = dict(num_workers=0, persistent_workers=False, batch_size=4)
            train_dataloader = dict(dataset=dict(ann_file='{data}/train.txt', **folder), **loader)
            val_dataloader = dict(dataset=dict(ann_file='{data}/val.txt', **folder), **loader)
            test_dataloader = val_dataloader
            table = '{tmp_path}/classes.json'
            test_evaluator = dict(metrics=[dict(type='CharadesMAP', per_class_file=table)])
            train_cfg = dict(max_epochs=1)
            """)
        )
        return path

    return write


def reported(output: str, name: str) -> float:
    return float(re.findall(rf'{name}: ([\d.]+)', output)[-1])


def test_trained_tested_and_drawn(
    config: Callable, tmp_path: Path, run_tool: Callable, load_tool: Callable
) -> None:
    path = config('actionclip_mini_transf_multilabel')
    output = run_tool('tools/train.py', path, '--work-dir', tmp_path / 'run', '--no-validate')
    assert np.isfinite(reported(output, 'loss_cls'))
    checkpoint, dump = tmp_path / 'run' / 'epoch_1.pth', tmp_path / 'scores.pkl'

    output = run_tool(
        'tools/test.py', path, checkpoint, '--work-dir', tmp_path / 'test', '--dump', dump
    )
    assert reported(output, 'videos/listed') == reported(output, 'charades/videos') == 9
    assert reported(output, 'videos/failed') == reported(output, 'charades/unlabelled') == 1
    scores, truth = read_dump(dump)
    expected = class_precision(scores, truth)
    assert reported(output, 'charades/mAP') == pytest.approx(expected.mean, abs=1e-4)
    assert np.isneginf(scores[8]).all() and not np.allclose(scores[:8].sum(axis=1), 1)
    table = read_class_rows(tmp_path / 'classes.json')
    assert [row.positives for row in table] == truth.sum(axis=0).tolist()

    draw = load_tool('tools/analysis/charades_ap.py').main
    assert draw([str(dump), '--out', str(tmp_path / 'ap.png')]) == 0
    assert (tmp_path / 'ap.png').stat().st_size > 5000


def test_trained_with_binary_questions(
    config: Callable, tmp_path: Path, run_tool: Callable
) -> None:
    path = config('actionclip_mini_transf_multilabel_bce')
    output = run_tool('tools/train.py', path, '--work-dir', tmp_path / 'run')
    assert np.isfinite(reported(output, 'loss_cls'))
    assert 0 <= reported(output, 'charades/mAP') <= 1
