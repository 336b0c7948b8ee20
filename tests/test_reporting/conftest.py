"""A work dir as a run leaves it, with few and known numbers."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from actionclip_mm.evaluation.video_scores import KEY

CLASSES = ['juggling <script>alert(1)</script>', 'wave | **hand** $x_1$', '倒立', 'sit']
LABELS = [0, 0, 1, 1, 2, 2, 3, 3]
PREDICTED = [0, 1, 1, 1, 2, 0, 3, 3]  # 6 of 8


@pytest.fixture
def write_scores() -> Callable[..., Path]:
    """Function: writes what VideoScoresFile does, with probability 0.7 for the predicted class."""

    def write(path: Path, predicted=PREDICTED, labels=LABELS, classes=CLASSES, failed=()) -> Path:
        count = len(predicted)
        scores = np.full((count, len(classes)), 0.3 / (len(classes) - 1), np.float32)
        scores[range(count), predicted] = 0.7
        content = dict(videos=[f'{i}.mp4' for i in range(count)], classes=list(classes))
        bad = np.isin(np.arange(count), failed)
        scores[bad] = -1e30
        arrays = dict(scores=scores, labels=np.array(labels), failed=bad)
        save_file(arrays, path, metadata={KEY: json.dumps(content)})
        return path

    return write


@pytest.fixture
def work_dir(tmp_path: Path) -> Path:
    """A folder with a log of two starts of one run; the second goes on at step 3."""
    folder = tmp_path / 'run'
    starts = {
        '20260101_000000': [
            dict(step=1, iter=1, epoch=1, lr=0.1, loss=2.0, loss_cls=2.0, time=0.1),
            dict(step=2, iter=2, epoch=1, lr=0.1, loss=1.5, loss_cls=1.5),
            {'step': 1, 'acc/top1': 0.5, 'videos/listed': 8.0, 'time': 1.0},
            dict(step=3, iter=3, epoch=2, lr=0.1, loss=9.0, loss_cls=9.0),
        ],
        '20260102_000000': [
            dict(step=3, iter=3, epoch=2, lr=0.1, loss=1.0, loss_cls=1.0),
            dict(step=4, iter=4, epoch=2, lr=0.1, loss=float('nan')),
            {'step': 2, 'acc/top1': 0.75, 'videos/listed': 8.0},
        ],
    }
    for start, rows in starts.items():
        log = folder / start / 'vis_data' / 'scalars.json'
        log.parent.mkdir(parents=True)
        log.write_text('\n'.join(map(json.dumps, rows)) + '\n{"step": 5, "lo')  # cut short
    return folder
