"""Protocols end to end, from Python and from the command line: tiny model, generated clips."""

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from actionclip_mm.cli.protocol import main
from actionclip_mm.protocols import read_card, run, runs
from actionclip_mm.protocols.card import VideoCounts


@pytest.mark.parametrize(
    ('load_from', 'pretrained', 'checkpoints', 'words'),
    [
        (None, 'openai', (), 'CLIP (openai)'),
        (None, None, (), 'weights of the config'),
        ('k400.pth', 'openai', (), 'k400.pth (config)'),
        ('k400.pth', 'openai', ('aa', 'bb'), 'checkpoint aa, bb'),
    ],
)
def test_what_a_training_starts_from(
    load_from: str, pretrained: str, checkpoints: tuple, words: str
) -> None:
    plan = SimpleNamespace(
        leaf=dict(load_from=load_from), model=SimpleNamespace(pretrained=pretrained)
    )
    assert runs.start_of(plan, checkpoints) == words


@pytest.fixture(scope='module')
def data(tmp_path_factory: pytest.TempPathFactory, run_tool: Callable) -> Path:
    """A data root with a small mini benchmark."""
    folder = tmp_path_factory.mktemp('data')
    sizes = ('--train', 2, '--val', 1, '--unseen', 1, '--stills', 10)
    run_tool('prepare', 'mini', '--out', folder / 'mini', *sizes)
    return folder


@pytest.fixture
def leaf(tmp_path: Path, write_leaf: Callable) -> Path:
    """A tiny model with the mini recipe, one epoch, whose files are found from everywhere."""
    more = """
train_pipeline = _base_.train_pipeline
test_pipeline = _base_.test_pipeline
train_pipeline[3].scale = (32, 32)
test_pipeline[3].scale = (32, 32)
train_dataloader = dict(
    num_workers=0, persistent_workers=False, drop_last=False,
    dataset=dict(pipeline=train_pipeline))
test_dataloader = dict(
    num_workers=0, persistent_workers=False, dataset=dict(pipeline=test_pipeline))
train_cfg = dict(max_epochs=1)
"""
    return write_leaf(tmp_path / 'tiny.py', 'mini_clips', 'mini', more)


@pytest.fixture
def checkpoint(leaf: Path, tmp_path: Path, save_model: Callable) -> Path:
    return save_model(leaf, tmp_path / 'model.pth')


@pytest.fixture
def command(capfd: pytest.CaptureFixture) -> Callable[..., str]:
    """Function that runs the command here; trainings and tests are processes of their own."""

    def run(*args: object) -> str:
        main([str(arg) for arg in args])
        return capfd.readouterr().out

    return run


def with_a_broken_video(data: Path, root: Path) -> Path:
    """The same data root, with one unseen clip that is no video, and 27 instead of 28."""
    (root / 'mini' / 'videos').mkdir(parents=True)
    for path in (*(data / 'mini').glob('*.txt'), *(data / 'mini' / 'videos').iterdir()):
        (root / path.relative_to(data)).symlink_to(path)
    lines = (root / 'mini' / 'unseen.txt').read_text().splitlines()
    (root / 'mini' / 'unseen.txt').unlink()
    (root / 'mini' / 'videos' / 'broken.mp4').write_bytes(b'no video')
    lines[0] = f'broken.mp4 {lines[0].split()[1]}'
    (root / 'mini' / 'unseen.txt').write_text('\n'.join(lines[:-1]))
    return root


@pytest.mark.slow
@pytest.mark.timeout(600)  # several trainings and tests as processes
def test_two_processes_give_the_card_of_one(
    data: Path, leaf: Path, checkpoint: Path, tmp_path: Path, capfd: pytest.CaptureFixture
) -> None:
    root = with_a_broken_video(data, tmp_path / 'data')
    cards = []
    for processes in (1, 2):
        work_dir = tmp_path / f'run{processes}'
        card = run(
            'mini_zero_shot',
            checkpoint,
            config=leaf,
            data_root=root,
            work_dir=work_dir,
            processes=processes,
            command=['notebook'],
        )
        assert 'Epoch(test)' in capfd.readouterr().out  # progress
        assert read_card(work_dir / 'card.json') == card and card.made.command == 'notebook'
        cards.append(card)
    one, two = cards
    assert one.made.processes == 1 and two.made.processes == 2
    assert one.fingerprint == two.fingerprint
    (tested,) = one.runs
    assert tested.videos == VideoCounts(listed=27, scored=27, failed=1)
    (failed,) = tested.failed_videos
    assert failed.startswith('broken.mp4\t')
    page = (tmp_path / 'run1' / 'card.md').read_text()
    assert 'broken.mp4' in page and 'INCOMPLETE' not in page


@pytest.mark.slow
@pytest.mark.timeout(600)  # several trainings and tests as processes
def test_few_shot_trains_tests_and_resumes(
    data: Path, leaf: Path, checkpoint: Path, tmp_path: Path, command: Callable
) -> None:
    work_dir = tmp_path / 'run'
    args = (
        'mini_few_shot_k2', '--config', leaf, '--data-root', data, '--work-dir', work_dir,
        '--seeds', 3, '--nested', '--checkpoint', checkpoint,
    )  # fmt: skip
    output = command(*args)
    assert 'Epoch(train)' in output
    card = read_card(work_dir / 'card.json')
    (trained,) = card.runs
    assert trained.run == 'seed3' and trained.train_list.count == 120
    assert card.protocol.shots == 2
    assert card.training.draws == 'nested draw of 2 per class, seed 3'
    start = card.model.checkpoint_sha256
    assert card.training.start == f'checkpoint {start}' != trained.checkpoint_sha256
    log = next((work_dir / 'seed3' / 'train').glob('*/*.log')).read_text()
    assert f'Load checkpoint from {checkpoint}' in log

    # what is finished is not repeated, an interrupted test is
    (work_dir / 'seed3' / 'test' / 'result.json').unlink()
    output = command(*args, '--resume')
    assert 'was trained before' in output and 'Epoch(train)' not in output
    assert 'Epoch(test)' in output
    assert read_card(work_dir / 'card.json').fingerprint == card.fingerprint
    output = command(*args, '--resume')
    assert 'Epoch(' not in output and 'test top-1' in output


@pytest.mark.slow
@pytest.mark.timeout(600)  # several trainings and tests as processes
def test_base_to_novel_with_published_classes(
    data: Path, leaf: Path, checkpoint: Path, tmp_path: Path
) -> None:
    """Both halves with their own classes, and the harmonic mean; nothing is trained here."""
    names = (data / 'mini' / 'labels_seen.txt').read_text().splitlines()
    (tmp_path / 'base.txt').write_text('\n'.join(names[30:]))
    options: dict = dict(
        config=leaf,
        data_root=data,
        work_dir=tmp_path / 'run',
        seeds=[1],
        base_labels=tmp_path / 'base.txt',
    )
    # the small benchmark has 2 clips of each class where the protocol takes 8
    with pytest.raises(ValueError, match='30 of 30 classes have fewer than 8 training videos'):
        run('mini_base_to_novel', **options)
    card = run('mini_base_to_novel', str(checkpoint), test_only=True, **options)
    assert [(part.part, part.classes.count) for part in card.runs] == [
        ('base', 30), ('novel', 30),
    ]  # fmt: skip
    written = json.loads((tmp_path / 'run' / 'seed1' / 'base' / 'labels.json').read_text())
    assert written == names[30:]
    means = {r.part: r.mean for r in card.statistics if r.metric == 'acc/top5'}
    base, novel = means['base'], means['novel']
    assert means['harmonic mean'] == pytest.approx(2 * base * novel / (base + novel))
    assert card.training is None and len(card.protocol.differences) == 3
