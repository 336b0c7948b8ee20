"""Training and testing with unreadable videos, by the real tools."""

import itertools
import json
import pickle
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

pytestmark = pytest.mark.slow


@pytest.fixture(scope='module')
def dirty(nine_videos: Path) -> Path:
    """The nine videos and four files that are not videos."""
    whole = (nine_videos / '0.mp4').read_bytes()
    (nine_videos / 'text.mp4').write_text('no video')
    (nine_videos / 'empty.mp4').write_bytes(b'')
    (nine_videos / 'cut short.mp4').write_bytes(whole[: len(whole) // 2])
    good = [f'{index}.mp4 {index % 3}' for index in range(9)]
    bad = ['text.mp4 0', 'empty.mp4 1', 'cut short.mp4 2', 'missing.mp4 1']
    (nine_videos / 'one_bad.txt').write_text('\n'.join([*good, 'text.mp4 0']))
    (nine_videos / 'four_bad.txt').write_text('\n'.join([*good, *bad]))
    return nine_videos


@pytest.fixture
def config(tiny_config: Path, dirty: Path, tmp_path: Path) -> Path:
    """The tiny config with our data sets and evaluator."""
    path = tmp_path / 'robust.py'
    path.write_text(f"""
_base_ = '{tiny_config}'
train_dataloader = dict(
    num_workers=2,
    dataset=dict(type='RobustVideoDataset', ann_file='{dirty}/one_bad.txt'),
)
val_dataloader = dict(
    dataset=dict(type='RobustVideoDataset', ann_file='{dirty}/four_bad.txt'),
)
test_dataloader = val_dataloader
failed_file = '{tmp_path}/failed.txt'
val_evaluator = dict(
    _delete_=True,
    type='CompleteEvaluator',
    metrics=[dict(type='AccMetric'), dict(type='OrderPairAccuracy', pairs=[(0, 1)])],
    failed_file=failed_file,
)
test_evaluator = val_evaluator
train_cfg = dict(max_epochs=1)
""")
    return path


def test_a_bad_video_is_replaced_and_bad_test_videos_count(
    config: Path, dirty: Path, tmp_path: Path, run_tool: Callable
) -> None:
    work_dir = tmp_path / 'run'
    output = run_tool('tools/train.py', config, '--work-dir', work_dir, '--seed', 0)
    assert 'text.mp4: ' in output
    assert 'others of its class replace it' in output
    assert '1 of 10 videos' in output
    assert '[1][4/4]' in output  # nothing was skipped: ceil(10 videos / batch 3)
    (log,) = work_dir.glob('*/*.log')
    assert 'others of its class replace it' in log.read_text()
    assert list(work_dir.glob('best_acc_top1_*.pth'))

    dump = tmp_path / 'scores.pkl'
    output = run_tool(
        'tools/test.py', config, work_dir / 'epoch_1.pth', '--dump', dump,
        '--work-dir', tmp_path / 'test',
    )  # fmt: skip
    (found,) = [json.loads(path.read_text()) for path in (tmp_path / 'test').glob('*/*.json')]
    results = pickle.loads(dump.read_bytes())
    assert (found['videos/listed'], found['videos/scored'], found['videos/failed']) == (13, 13, 4)
    assert len(results) == 13
    scores = torch.stack([result['pred_score'] for result in results])
    labels = torch.cat([result['gt_label'] for result in results])
    hits = scores.argmax(1) == labels
    assert not hits[9:].any()
    assert found['acc/top1'] == pytest.approx(hits.float().mean().item())
    assert [result.get('undecodable') is None for result in results] == [True] * 9 + [False] * 4
    failed = [line.split('\t') for line in (tmp_path / 'failed.txt').read_text().splitlines()]
    names = ('text.mp4', 'empty.mp4', 'cut short.mp4', 'missing.mp4')
    assert [path for path, _ in failed] == [str(dirty / name) for name in names]
    assert all(reason for _, reason in failed)
    assert '4 of 13 videos count as wrong' in output


@pytest.mark.parametrize('workers', [0, 2])
def test_too_many_bad_videos_stop_with_their_list(
    config: Path, dirty: Path, tmp_path: Path, run_tool: Callable, workers: int
) -> None:
    output = run_tool(
        'tools/train.py', config, '--work-dir', tmp_path / 'run', '--cfg-options',
        f'train_dataloader.dataset.ann_file={dirty}/four_bad.txt', 'train_cfg.max_epochs=50',
        f'train_dataloader.num_workers={workers}',
        ok=False,
    )  # fmt: skip
    message = output[output.rindex('TooManyBadVideos: ') :].splitlines()
    found = re.search(r'(\d) of 13 videos of .*four_bad.txt cannot be read', message[0])
    # while one worker stops, the other may meet a third
    assert found is not None and found[1] in ('2' if workers == 0 else '234')
    assert 'max_bad_ratio=0.01 allows 1' in message[0]
    bad = {str(dirty / name) for name in ('text.mp4', 'empty.mp4', 'cut short.mp4', 'missing.mp4')}
    listed = list(itertools.takewhile(bad.__contains__, message[1:]))
    assert len(listed) == len(set(listed)) == int(found[1])
