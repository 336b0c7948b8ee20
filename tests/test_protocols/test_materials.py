"""Videos and classes of each part, on a synthetic copy of UCF101's layout."""

from collections.abc import Callable
from pathlib import Path

import pytest

from actionclip_mm.protocols.families import get_protocol
from actionclip_mm.protocols.materials import Choices, DataFolder, Material


def parts_of(name: str, root: Path, **choices: object) -> list[Material]:
    protocol = get_protocol(name)
    folder = DataFolder(root / protocol.benchmark.name, protocol)
    return [
        folder.test(run, part, Choices(**choices)) for run in protocol.runs for part in run.tests
    ]


def trains_of(name: str, root: Path, **choices: object) -> list[Material]:
    protocol = get_protocol(name)
    folder = DataFolder(root / protocol.benchmark.name, protocol)
    return [folder.train(run, Choices(**choices)) for run in protocol.runs]


def labels(material: Material) -> set[int]:
    return {int(line.rsplit(' ', 1)[1]) for line in material.lines}


def test_z3_and_zf(make_ucf101: Callable) -> None:
    root = make_ucf101(train=4, test=2)
    z3 = parts_of('zero_shot_ucf101_z3', root)
    assert [len(material.lines) for material in z3] == [10, 10, 10]
    assert len({material.list_facts().sha256 for material in z3}) == 3
    (zf,) = parts_of('zero_shot_ucf101_zf', root)
    assert set(zf.lines) > {line for material in z3 for line in material.lines}
    assert zf.names[0] == 'ApplyEyeMakeup', 'names stay as they are: the encoder splits them'


def test_zh_restricts_videos_and_classes_alike(make_ucf101: Callable) -> None:
    halves = parts_of('zero_shot_ucf101_zh', make_ucf101())
    assert len(halves) == 10
    for half in halves:
        assert len(half.names) == 2 and labels(half) == {0, 1}
        for line in half.lines:  # the path holds the name of the class
            path, label = line.rsplit(' ', 1)
            assert path.startswith(half.names[int(label)] + '/')
    assert len({half.names for half in halves}) > 1


def test_few_shot(make_ucf101: Callable) -> None:
    root = make_ucf101()
    (drawn,) = trains_of('few_shot_ucf101_k2', root)
    assert len(drawn.lines) == 10 and drawn.source == 'independent draw of 2 per class, seed 1'
    (nested,) = trains_of('few_shot_ucf101_k2', root, nested=True)
    (more,) = trains_of('few_shot_ucf101_k4', root, nested=True)
    assert set(nested.lines) < set(more.lines)
    (test,) = parts_of('few_shot_ucf101_k2', root)
    assert not set(drawn.lines) & set(test.lines)
    with pytest.raises(ValueError, match='5 of 5 classes have fewer than 8 training videos'):
        trains_of('few_shot_ucf101_k8', root)


def test_a_published_training_list(make_ucf101: Callable, tmp_path: Path) -> None:
    root = make_ucf101()
    (drawn,) = trains_of('few_shot_ucf101_k2', root)
    given = tmp_path / 'train1_few_shot_2.txt'
    given.write_text('\n'.join(line.split('/', 1)[1] for line in drawn.lines))
    (found,) = trains_of('few_shot_ucf101_k2', root, train_list=given)
    assert set(found.lines) == set(drawn.lines)
    assert found.source == 'given list train1_few_shot_2.txt'
    with pytest.raises(ValueError, match='2 videos of class 0 .* takes 4'):
        trains_of('few_shot_ucf101_k4', root, train_list=given)


def test_a_published_list_of_other_base_classes(make_ucf101: Callable, tmp_path: Path) -> None:
    """The advice is the option that makes it fit."""
    root = make_ucf101(train=16)
    (base,) = {material.names for material in trains_of('base_to_novel_ucf101', root)}
    (tmp_path / 'base.txt').write_text('ApplyEyeMakeup\nArchery\nDiving\n')
    assert set(base) != {'ApplyEyeMakeup', 'Archery', 'Diving'}
    choices = dict(base_labels=tmp_path / 'base.txt')
    given = tmp_path / 'fs_base_s1_train.txt'
    given.write_text('\n'.join(trains_of('base_to_novel_ucf101', root, **choices)[0].lines))
    with pytest.raises(
        ValueError, match=r'not of base classes here .* --base-labels FILE'
    ) as error:
        trains_of('base_to_novel_ucf101', root, train_list=given)
    assert '\n' not in str(error.value)
    (found, *_) = trains_of('base_to_novel_ucf101', root, train_list=given, **choices)
    assert len(found.lines) == 48


def test_base_to_novel(make_ucf101: Callable, tmp_path: Path) -> None:
    root = make_ucf101(train=16)
    base, novel = parts_of('base_to_novel_ucf101', root)[:2]
    assert (len(base.names), len(novel.names)) == (3, 2)
    assert not set(base.names) & set(novel.names)
    assert labels(base) == {0, 1, 2} and labels(novel) == {0, 1}
    trains = trains_of('base_to_novel_ucf101', root)
    assert all(material.names == base.names for material in trains)
    assert [len(material.lines) for material in trains] == [48, 48, 48]

    (tmp_path / 'base.txt').write_text('Diving\nCliff Diving\nbowling\n')
    base, novel = parts_of('base_to_novel_ucf101', root, base_labels=tmp_path / 'base.txt')[:2]
    assert base.names == ('Bowling', 'CliffDiving', 'Diving')
    assert base.rule == 'base: the given list base.txt'


def test_who_only_tests_needs_no_training_list(make_ucf101: Callable, tmp_path: Path) -> None:
    root = make_ucf101(train=16)
    (root / 'ucf101' / 'ucf101_train_split_1_videos.txt').unlink()
    (test,) = parts_of('few_shot_ucf101_k1', root)
    assert len(test.lines) == 10
    with pytest.raises(FileNotFoundError, match='ucf101_train_split_1_videos.txt'):
        parts_of('base_to_novel_ucf101', root)  # which counts its videos
    (tmp_path / 'base.txt').write_text('Diving\nCliff Diving\nbowling\n')
    parts = parts_of('base_to_novel_ucf101', root, base_labels=tmp_path / 'base.txt')
    assert [len(part.names) for part in parts] == [3, 2] * 3
    with pytest.raises(FileNotFoundError, match='ucf101_train_split_1_videos.txt'):
        trains_of('few_shot_ucf101_k1', root)


def test_what_is_missing_is_named_with_its_tool(make_ucf101: Callable) -> None:
    root = make_ucf101()
    (root / 'ucf101' / 'ucf101_val_split_2_videos.txt').unlink()
    with pytest.raises(FileNotFoundError, match='`actionclip prepare ucf101`'):
        parts_of('zero_shot_ucf101_z3', root)
    with pytest.raises(FileNotFoundError, match='`actionclip prepare mini`'):
        parts_of('mini_zero_shot', root)


def test_labels_without_a_name(make_ucf101: Callable) -> None:
    root = make_ucf101()
    (root / 'ucf101' / 'labels.txt').write_text('a\nb\n')
    with pytest.raises(ValueError, match='has label 2 but there are 2 class names'):
        parts_of('zero_shot_ucf101_zf', root)


def test_raw_frames_have_other_names(make_ucf101: Callable) -> None:
    root = make_ucf101() / 'ucf101'
    (root / 'rawframes').mkdir()
    (root / 'ucf101_all_rawframes.txt').write_text('a b 17 3\nc 20 0\n')
    protocol = get_protocol('zero_shot_ucf101_zf')
    folder = DataFolder(root, protocol, rawframes=True)
    material = folder.test(protocol.runs[0], 'test', Choices())
    assert material.lines == ('a b 17 3', 'c 20 0')
    assert material.folder == (root / 'rawframes').resolve()


def test_published_lists_of_videos_serve_raw_frames(make_ucf101: Callable) -> None:
    root = make_ucf101(names=['Archery', 'Bowling']) / 'ucf101'
    (root / 'rawframes').mkdir()
    rows = ['Archery/v_1 17 0', 'Archery/v_2 18 0', 'Bowling/v_3 19 1', 'Bowling/v_4 20 1']
    (root / 'ucf101_train_split_1_rawframes.txt').write_text('\n'.join(rows))
    (root / 'list.txt').write_text('v_2.avi 7\nv_3.avi 5\n')
    protocol = get_protocol('few_shot_ucf101_k1')
    choices = Choices(train_list=root / 'list.txt')
    material = DataFolder(root, protocol, rawframes=True).train(protocol.runs[0], choices)
    assert material.lines == (rows[1], rows[2])


def test_multi_label_lists_are_taken_as_they_are(tmp_path: Path) -> None:
    root = tmp_path / 'charades'
    (root / 'videos').mkdir(parents=True)
    (root / 'labels.txt').write_text('a\nb\n')
    path = root / 'charades_test_list_videos.txt'
    path.write_text('A.mp4 0 1\n\nB.mp4\n')
    (material,) = parts_of('charades_10x3', tmp_path)
    assert material.lines == ('A.mp4 0 1', 'B.mp4')
    for text, words in (
        ('A.mp4 0 2\n', 'has label 2 but num_classes=2'),
        ('A.mp4 0\nB.mp4\nA.mp4 1\n', "repeats 'A.mp4' of line 1"),
    ):
        path.write_text(text)
        with pytest.raises(ValueError, match=words):
            parts_of('charades_10x3', tmp_path)


def test_multi_label_lists_of_raw_frames(tmp_path: Path) -> None:
    root = tmp_path / 'charades'
    (root / 'rawframes').mkdir(parents=True)
    (root / 'labels.txt').write_text('a\nb\n')
    (root / 'charades_test_list_rawframes.txt').write_text('A 700 0 1\nB 80\n')
    protocol = get_protocol('charades_10x3')
    material = DataFolder(root, protocol, rawframes=True).test(protocol.runs[0], 'test', Choices())
    assert material.lines == ('A 700 0 1', 'B 80')
