"""Descriptors are complete, and their facts agree with each other."""

import pytest

from actionclip_mm.benchmarks import BENCHMARKS, get_benchmark, published_lists
from actionclip_mm.benchmarks.benchmark import three_splits
from actionclip_mm.benchmarks.identity import hash_names


@pytest.mark.parametrize('name', BENCHMARKS)
def test_a_descriptor_is_consistent(name: str) -> None:
    benchmark = get_benchmark(name)
    lists = list(benchmark.lists())
    assert benchmark.name == name and benchmark.title and benchmark.splits
    assert len({each.file for each in lists}) == len({each.name for each in lists}) == len(lists)
    for each in lists:
        assert set(each.published) <= set(benchmark.published)
        assert benchmark.get_list(each.name) is each
        assert 'videos' not in each.file and 'rawframes' not in each.file
    for train, test in benchmark.splits:
        assert test.test and not train.test
    assert all(each.test for pool in benchmark.zero_shot.values() for each in pool)


def test_names_of_published_lists_are_unique() -> None:
    assert len(published_lists()) == sum(len(b.published) for b in BENCHMARKS.values())
    for each in published_lists().values():
        assert each.projects and each.source and len(each.videos) == len(each.classes) == 64


def test_published_class_sets_have_all_classes() -> None:
    for name in ('ucf101', 'hmdb51', 'ssv2', 'kinetics400'):
        benchmark = get_benchmark(name)
        names = benchmark.base_classes + benchmark.novel_classes
        assert len(set(names)) == len(names) == benchmark.num_classes
        assert len(benchmark.base_classes) == (benchmark.num_classes + 1) // 2
        if benchmark.all_videos is not None:
            (all_videos,) = benchmark.all_videos.published
            assert hash_names(names) == published_lists()[all_videos].classes
    assert get_benchmark('hmdb51').published_order and not get_benchmark('ucf101').published_order
    kinetics600 = get_benchmark('kinetics600')
    for number, names in enumerate(kinetics600.zero_shot_classes):
        for pool in kinetics600.zero_shot.values():
            for published in pool[number].published:
                assert hash_names(names) == published_lists()[published].classes


def test_list_and_folder_names_of_both_kinds() -> None:
    val = get_benchmark('kinetics400').splits[0].test
    assert (val.name, val.file_name()) == (
        'kinetics400_val_list',
        'kinetics400_val_list_videos.txt',
    )
    assert val.folder_name() == 'videos_val'
    assert val.file_name(rawframes=True) == 'kinetics400_val_list_rawframes.txt'
    assert val.folder_name(rawframes=True) == 'rawframes_val'
    train = get_benchmark('mini').splits[0].train
    assert train.file_name(rawframes=True) == train.file_name() == 'train.txt'
    assert (train.folder_name(), train.labels) == ('videos', 'labels_seen.txt')


def test_sizes_are_official_and_published_ones() -> None:
    kinetics400, ucf101 = get_benchmark('kinetics400'), get_benchmark('ucf101')
    assert kinetics400.sizes(kinetics400.splits[0].test) == (19906, 19877, 19796, 19357)
    assert [ucf101.sizes(split.train) for split in ucf101.splits] == [(9537,), (9586,), (9624,)]
    kinetics600 = get_benchmark('kinetics600')
    assert [kinetics600.sizes(each) for each in kinetics600.zero_shot['val']] == [
        (7276, 7275), (7226, 7225), (7261,),
    ]  # fmt: skip
    assert kinetics600.sizes(kinetics600.splits[0].train) == ()


@pytest.mark.parametrize(
    ('name', 'said'),
    [
        ('ucf', "^Unknown data set 'ucf' .did you mean 'ucf101'..: choose from .*ucf101, hmdb51"),
        ('§', "^Unknown data set '§': choose from"),
    ],
)
def test_unknown_name(name: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        get_benchmark(name)


def test_splits_of_a_data_set_without_published_lists() -> None:
    splits = three_splits('new', train=(4, 5, 6), test=(1, 2, 3))
    assert [(split.train.counts, split.test.counts) for split in splits] == [
        ((4,), (1,)), ((5,), (2,)), ((6,), (3,)),
    ]  # fmt: skip
    assert splits[2].test.file_name() == 'new_val_split_3_videos.txt' and splits[2].test.test
    assert not splits[0].train.published
