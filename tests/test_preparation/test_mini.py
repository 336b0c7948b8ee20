"""The mini benchmark is deterministic, and needs frame order rather than colour."""

import importlib
import itertools
import json
import os
import shutil
from pathlib import Path

import decord
import numpy as np
import pytest

from actionclip_mm.cli.prepare import main
from actionclip_mm.utils.annotation_lists import read_lines

SMALL = ['--train', '2', '--val', '1', '--unseen', '1', '--stills', '10']


@pytest.fixture(scope='module')
def tools():
    """The generator's modules."""
    names = ('vocabulary', 'motion', 'stills', 'generate')
    package = 'actionclip_mm.preparation.mini'
    return {name: importlib.import_module(f'{package}.{name}') for name in names}


@pytest.fixture(scope='module')
def root(tools, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp('mini')
    main(['mini', '--out', str(folder), *SMALL])
    return folder


def lines(path: Path) -> list[str]:
    return path.read_text().splitlines()


def decode(path: Path) -> np.ndarray:
    reader = decord.VideoReader(str(path), num_threads=1)
    return reader.get_batch(range(len(reader))).asnumpy()


def test_unseen_names_are_new_combinations_of_seen_words(tools) -> None:
    seen, unseen = tools['vocabulary'].seen_and_unseen()
    seen_names, unseen_names = [[action.name for action in group] for group in (seen, unseen)]
    assert not set(seen_names) & set(unseen_names)
    assert len({*seen_names, *unseen_names}) == len(seen) + len(unseen)
    words = {word for name in seen_names for word in name.split()}
    assert {word for name in unseen_names for word in name.split()} <= words
    for field in ('colour', 'shape', 'kind'):
        assert {getattr(a, field) for a in unseen} <= {getattr(a, field) for a in seen}


def test_every_order_class_has_its_mirror_in_the_same_split(tools) -> None:
    for group in tools['vocabulary'].seen_and_unseen():
        for action in group:
            mirror = tools['vocabulary'].mirror_of(action)
            assert action.is_ordered == (mirror is not None)
            assert mirror is None or mirror in group
            assert mirror is None or tools['vocabulary'].mirror_of(mirror) == action


def test_lists_are_consistent(root: Path) -> None:
    for split, labels in (('train', 'seen'), ('val', 'seen'), ('unseen', 'unseen')):
        names = lines(root / f'labels_{labels}.txt')
        attributes = lines(root / 'labels_attributes.txt')
        single, multi = lines(root / f'{split}.txt'), lines(root / f'{split}_multilabel.txt')
        assert {int(line.split()[1]) for line in single} == set(range(len(names)))
        for one, many in zip(single, multi, strict=True):
            path, label = one.split()
            assert (root / 'videos' / path).is_file()
            assert many.split()[0] == path
            words = [attributes[int(index)] for index in many.split()[1:]]
            assert all(word in names[int(label)] for word in words)


def test_twins_are_exact_mirrors_after_the_codec(root: Path) -> None:
    pairs = dict(tuple(map(int, line.split())) for line in lines(root / 'order_pairs_seen.txt'))
    annotated = [line.split() for line in lines(root / 'val.txt')]
    checked = 0
    for (path, label), (twin, mirror) in itertools.pairwise(annotated):
        if pairs.get(int(label)) == int(mirror):
            forwards, backwards = decode(root / 'videos' / path), decode(root / 'videos' / twin)
            np.testing.assert_array_equal(forwards, backwards[::-1])
            checked += 1
    assert checked == len(pairs)


def test_the_test_sampler_picks_mirrored_frames(tools) -> None:
    from mmaction.datasets.transforms import UniformSample

    count = tools['motion'].NUM_FRAMES
    for frames in (4, 8):
        picked = UniformSample(clip_len=frames, test_mode=True)._get_sample_clips(count)
        np.testing.assert_array_equal(picked, count - 1 - picked[::-1])


def test_same_seed_same_bytes_other_seed_others(tools, root: Path, tmp_path: Path) -> None:
    args = ['--train', '1', '--val', '1', '--unseen', '1', '--processes', '1']
    main(['mini', '--out', str(tmp_path / 'again'), *args])
    main(['mini', '--out', str(tmp_path / 'other'), *args, '--seed', '1'])
    first, again, other = (
        decode(folder / 'videos' / 'val' / '00000.mp4')
        for folder in (root, tmp_path / 'again', tmp_path / 'other')
    )
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_captions_hold_for_known_scenes(tools) -> None:
    say = tools['stills'].captions
    single = say('red', 'circle', 'plain', 18.0, [np.array([8.0, 60.0])])
    assert single[0] == 'red circle'
    assert {'huge', 'at the far left', 'at the bottom', 'one in all'} <= set(single)
    pair = say('blue', 'square', 'striped', 7.0, [np.array([10.0, 32.0]), np.array([54.0, 32.0])])
    assert {'two striped blue squares far apart', 'far apart', 'two in all'} <= set(pair)


def test_attribute_captions_occur(tools) -> None:
    rng = np.random.default_rng(0)
    said = {text for _ in range(400) for text in tools['stills'].render_still(rng)[1]}
    assert set(tools['stills'].attribute_captions()) <= said


@pytest.mark.parametrize('argument', ['--train=0', '--processes=0', '--stills=3'])
def test_refuses_invalid_numbers(tools, argument: str) -> None:
    with pytest.raises(SystemExit):
        main(['mini', argument])


@pytest.fixture
def older(root: Path, tmp_path: Path) -> Path:
    """A copy of the set."""
    return Path(shutil.copytree(root, tmp_path / 'mini'))


def content(folder: Path) -> dict[str, bytes]:
    files = [path for path in folder.rglob('*') if path.is_file()]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def test_a_set_agrees_with_its_manifest(root: Path) -> None:
    manifest = json.loads((root / 'manifest.json').read_text())
    assert manifest['complete'] and manifest['made']['seed'] == 0
    assert manifest['made']['sizes'] == dict(train=2, val=1, unseen=1, stills=10)
    for name in ('train.txt', 'val_multilabel.txt', 'unseen.txt'):
        assert read_lines(str(root / name))


def test_a_new_set_replaces_the_older_one(tools, older: Path) -> None:
    (older / 'notes.md').write_text('mine')
    before = content(older)
    main(['mini', '--out', str(older), *SMALL[:-2], '--seed', '1'])
    after = content(older)
    assert after['notes.md'] == b'mine' and after.keys() == before.keys()
    assert after['stills/00000.jpg'] == before['stills/00000.jpg']  # none were asked for
    assert after['videos/val/00000.mp4'] != before['videos/val/00000.mp4']
    assert read_lines(str(older / 'val.txt'))
    assert [path.name for path in older.parent.iterdir()] == ['mini']


@pytest.mark.parametrize('step', ['generate_clips', 'replace'])
def test_an_interrupt_before_the_exchange_changes_nothing(
    step: str, tools, older: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*args: object) -> None:
        raise KeyboardInterrupt

    before = content(older)
    monkeypatch.setattr(tools['generate'], 'run_all', lambda *args: iter([1]))  # no clips: fast
    monkeypatch.setattr(tools['generate'], step, stop)
    with pytest.raises(KeyboardInterrupt):
        main(['mini', '--out', str(older), '--seed', '1'])
    assert content(older) == before and [path.name for path in older.parent.iterdir()] == ['mini']


def test_an_interrupt_in_the_exchange_is_refused(
    tools, root: Path, older: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half the files are from the new set, so it is refused."""
    moved = []

    def stop_at_the_third(source: Path, target: Path) -> None:
        moved.append(rename(source, target))
        if len(moved) == 3:
            raise KeyboardInterrupt

    rename = os.rename
    new = Path(shutil.copytree(root, tmp_path / 'new'))
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(tools['generate'], 'move', stop_at_the_third)
        tools['generate'].replace(older, new)
    for name in ('train.txt', 'val.txt'):
        with pytest.raises(ValueError, match='its generation stopped.*generate the set again'):
            read_lines(str(older / name))


def test_changed_clips_and_lists_are_refused(older: Path) -> None:
    clip = older / 'videos' / 'val' / '00000.mp4'
    clip.write_bytes((older / 'videos' / 'val' / '00001.mp4').read_bytes())
    for name in ('val.txt', 'val_multilabel.txt'):
        with pytest.raises(ValueError, match=f'val. are not those that .{name}. was generated'):
            read_lines(str(older / name))
    assert read_lines(str(older / 'train.txt'))
    with (older / 'train.txt').open('a') as file:
        file.write('train/00000.mp4 1\n')
    with pytest.raises(ValueError, match=r'train.txt. was changed since it was generated'):
        read_lines(str(older / 'train.txt'))
    (older / 'manifest.json').unlink()  # of a version that wrote none
    assert read_lines(str(older / 'train.txt'))
