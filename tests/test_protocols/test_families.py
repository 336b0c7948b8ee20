"""The protocols as data: what ships is complete, consistent, and has the published sizes."""

import itertools
from dataclasses import replace
from pathlib import Path

import pytest

from actionclip_mm.benchmarks import AnnotationList, published_lists
from actionclip_mm.benchmarks.benchmark import three_splits
from actionclip_mm.benchmarks.ucf101 import UCF101
from actionclip_mm.protocols import families
from actionclip_mm.protocols.classes import AllClasses
from actionclip_mm.protocols.families import (
    FAMILIES,
    PROTOCOLS,
    describe_protocols,
    get_protocol,
)

ROOT = Path(__file__).resolve().parents[2]


def sizes(name: str) -> list[int]:
    """Number of videos of the first published list of each test."""
    tests = [test for run in PROTOCOLS[name].runs for test in run.tests.values()]
    return [published_lists()[test.published[0]].size for test in tests]


def test_names_are_unique_and_documented() -> None:
    assert len(PROTOCOLS) == sum(len(protocols) for protocols in FAMILIES.values())
    listed = describe_protocols()
    documented = (ROOT / 'docs' / 'protocols.md').read_text()
    for name, protocol in PROTOCOLS.items():
        assert f'  {name}\n' in listed and protocol.meaning in listed
        assert f'`{name}`' in documented or f'`{name.rsplit("_k", 1)[0]}_k1`' in documented


@pytest.mark.parametrize('name', PROTOCOLS)
def test_a_protocol_is_consistent(name: str) -> None:
    protocol = PROTOCOLS[name]
    assert protocol.id == name
    assert (ROOT / 'configs' / protocol.leaf).is_file(), protocol.leaf
    names = [run.name for run in protocol.runs]
    assert len(set(names)) == len(names) > 0
    assert len({run.train is None for run in protocol.runs}) == 1
    for run in protocol.runs:
        assert run.tests
        assert all(test.lists and test.shots is None for test in run.tests.values())
    if protocol.seeded:
        other = protocol.with_seeds([7, 8])
        assert [run.seed for run in other.runs] == [7, 8]
        assert [run.name for run in other.runs] == ['seed7', 'seed8']
    else:
        with pytest.raises(ValueError, match='fixed runs'):
            protocol.with_seeds([7])


@pytest.mark.parametrize('seeds', [[1, 1], [-1]])
def test_bad_seeds(seeds: list[int]) -> None:
    with pytest.raises(ValueError, match='must be different non-negative integers'):
        get_protocol('few_shot_ucf101_k2').with_seeds(seeds)


@pytest.mark.parametrize('name', PROTOCOLS)
def test_lists_are_those_of_the_data_set(name: str) -> None:
    """Whole lists have the sizes of their data set's descriptor."""
    protocol = PROTOCOLS[name]
    lists = list(protocol.benchmark.lists())
    for run in protocol.runs:
        for videos in (run.train, *run.tests.values()):
            if videos is None:
                continue
            assert all(listed in lists for listed in videos.lists)
            if videos.published and videos.shots is None and videos.classes == AllClasses():
                found = {published_lists()[name].size for name in videos.published}
                sizes = [protocol.benchmark.sizes(listed) for listed in videos.lists]
                assert found <= {sum(combined) for combined in itertools.product(*sizes)}


def test_a_new_data_set_in_a_known_layout_needs_one_line() -> None:
    """The line that adds it to ``WITH_SPLITS``: its protocols use UCF101's configs."""
    new = replace(
        UCF101,
        name='new',
        title='New',
        splits=three_splits('new'),
        all_videos=AnnotationList('new_all_{kind}.txt', test=True, counts=(90,)),
    )
    made = [
        *(build(new) for build in (families._z3, families._zf, families._zh)),
        families._few_shot(new, 2),
        families._base_to_novel(new),
        families._supervised(new, '10x3'),
    ]
    for protocol in made:
        assert (ROOT / 'configs' / protocol.leaf).is_file()
        assert protocol.id.startswith(
            ('zero_shot_new', 'few_shot_new', 'base_to_novel_new', 'new_')
        )
    assert 'all 90 videos' in made[1].meaning
    assert 'each of the most frequent base classes' in made[4].meaning


def test_published_sizes() -> None:
    assert sizes('zero_shot_ucf101_z3') == [3783, 3734, 3696]
    assert sizes('zero_shot_hmdb51_z3') == [1530, 1530, 1530]
    assert sizes('zero_shot_ucf101_zf') == sizes('zero_shot_ucf101_zf_prime') == [13320]
    assert sizes('zero_shot_hmdb51_zf') == [6766]
    assert sizes('zero_shot_hmdb51_zf_prime') == [5100]
    assert sizes('zero_shot_kinetics600_test') == [14119, 14067, 14161]
    # Open-VCLIP's lists have 7,276 and 7,226 lines, of which one names a video again
    assert sizes('zero_shot_kinetics600_val') == [7275, 7225, 7261]
    for dataset, size in (('ucf101', 3783), ('hmdb51', 1530), ('ssv2', 24777)):
        for shots in (1, 2, 4, 8, 16):
            assert sizes(f'few_shot_{dataset}_k{shots}') == [size]
            assert PROTOCOLS[f'few_shot_{dataset}_k{shots}'].shots == shots
    for dataset, both in (
        ('kinetics400', [9944, 9933]), ('hmdb51', [780, 750]),
        ('ucf101', [2088, 1695]), ('ssv2', [17562, 7215]),
    ):  # fmt: skip
        protocol = PROTOCOLS[f'base_to_novel_{dataset}']
        assert sizes(protocol.id) == both * 3
        assert protocol.shots == 16 and [run.seed for run in protocol.runs] == [1, 2, 3]


def test_near_names() -> None:
    with pytest.raises(ValueError, match="Unknown protocol 'few_shot_ucf_k4' .*few_shot_ucf101_k4"):
        get_protocol('few_shot_ucf_k4')
    with pytest.raises(ValueError, match=r'similar: none'):
        get_protocol('§')
