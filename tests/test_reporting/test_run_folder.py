"""What is found in a work dir."""

import json
import os
from pathlib import Path

import pytest

from actionclip_mm.reporting.run_folder import RunFolder


def test_the_log_of_a_resumed_run(work_dir: Path) -> None:
    log = RunFolder(work_dir).log()
    assert [(row['step'], row.get('loss')) for row in log.training] == [
        (1, 2.0),
        (2, 1.5),
        (3, 1.0),  # of the second start
        (4, None),  # NaN
    ]
    assert [row['acc/top1'] for row in log.validation] == [0.5, 0.75]
    assert log.metrics == ['acc/top1']


def test_a_log_under_mmengines_other_name(work_dir: Path) -> None:
    for log in work_dir.glob('*/vis_data/scalars.json'):
        log.rename(log.with_name(f'{log.parent.parent.name}.json'))
    assert len(RunFolder(work_dir).log().training) == 4


def test_the_best_checkpoint_before_the_last(work_dir: Path, tmp_path: Path) -> None:
    assert RunFolder(work_dir).checkpoint is None
    for index, name in enumerate(('epoch_2.pth', 'epoch_1.pth')):
        (work_dir / name).touch()
        os.utime(work_dir / name, (index, index))
    assert RunFolder(work_dir).checkpoint == work_dir / 'epoch_1.pth'  # the newest file
    (work_dir / 'last_checkpoint').write_text('/moved/from/epoch_2.pth')
    assert RunFolder(work_dir).checkpoint == work_dir / 'epoch_2.pth'
    (work_dir / 'best_acc_top1_epoch_1.pth').touch()
    assert RunFolder(work_dir).checkpoint == work_dir / 'best_acc_top1_epoch_1.pth'
    assert RunFolder(work_dir, checkpoint='other.pth').checkpoint == Path('other.pth')


def test_the_config_next_to_the_newest_log(work_dir: Path) -> None:
    (work_dir / 'leaf.py').write_text('model = 1')
    assert RunFolder(work_dir).config.model == 1
    (work_dir / '20260102_000000' / 'vis_data' / 'config.py').write_text('model = 2')
    assert RunFolder(work_dir).config.model == 2


@pytest.mark.parametrize(
    ('load_from', 'more', 'found'),
    [
        ('/other/run/epoch_9.pth', '', '/other/run/epoch_9.pth'),
        ('/other/run/epoch_9.pth', 'resume = True', None),
        ('{run}/epoch_1.pth', '', None),
        ('/tested.pth', '', None),
    ],
)
def test_what_a_run_started_from(
    work_dir: Path, load_from: str, more: str, found: str | None
) -> None:
    (work_dir / 'leaf.py').write_text(f'load_from = "{load_from.format(run=work_dir)}"\n{more}')
    assert RunFolder(work_dir, checkpoint='/tested.pth').start == found


def test_tests_in_the_folder(work_dir: Path) -> None:
    place = work_dir / 'unseen' / '20260103_000000' / '20260103_000000.json'
    place.parent.mkdir(parents=True)
    place.write_text(json.dumps({'acc/top1': 0.25, 'time': 1.0}))
    assert RunFolder(work_dir).tests() == {'unseen': {'acc/top1': 0.25}}


def test_folders_without_a_run(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match='No such folder'):
        RunFolder(tmp_path / 'gone')
    with pytest.raises(FileNotFoundError, match='neither a config nor'):
        RunFolder(tmp_path)
