"""Lists and classes are recognized by their content: the whole of UCF101, by hash."""

import json
from argparse import Namespace
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from actionclip_mm.benchmarks import get_benchmark, published_lists
from actionclip_mm.benchmarks.identity import hash_names, hash_videos, video_id
from actionclip_mm.preparation import make_preparation
from actionclip_mm.protocols.card import make_card
from actionclip_mm.protocols.card_markdown import to_markdown
from actionclip_mm.protocols.classes import most_frequent_half
from actionclip_mm.protocols.families import PROTOCOLS, get_protocol
from actionclip_mm.protocols.materials import Choices, DataFolder, Material


def base_to_novel_classes(dataset: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    benchmark = get_benchmark(dataset)
    return benchmark.base_classes, benchmark.novel_classes


DATA = Path(__file__).resolve().parents[1] / 'data' / 'protocols'


@pytest.fixture(scope='session')
def ucf101_clips() -> dict[str, list[int]]:
    """Class in id order -> number of clips of its 25 groups; they are numbered without gaps."""
    content = json.loads((DATA / 'ucf101_clips.json').read_text())
    return {name: [int(count) for count in counts.split()] for name, counts in content.items()}


@pytest.fixture(scope='session')
def ucf101(ucf101_clips: dict, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data root with all lists of UCF101 as `actionclip prepare` writes them."""
    root = tmp_path_factory.mktemp('ucf101')
    official, prepared = root / 'ucfTrainTestlist', root / 'data' / 'ucf101'
    official.mkdir()
    (prepared / 'videos').mkdir(parents=True)
    names = list(ucf101_clips)
    classes = ''.join(f'{label} {name}\n' for label, name in enumerate(names, start=1))
    (official / 'classInd.txt').write_text(classes)
    for split in (1, 2, 3):
        parts: dict[str, list[str]] = dict(train=[], test=[])
        for label, (name, counts) in enumerate(ucf101_clips.items(), start=1):
            file_name = 'HandStandPushups' if name == 'HandstandPushups' else name
            for group, count in enumerate(counts, start=1):
                is_test = 7 * (split - 1) < group <= 7 * split  # seven groups are held out
                for clip in range(1, count + 1):
                    path = f'{name}/v_{file_name}_g{group:02}_c{clip:02}.avi'
                    parts['test' if is_test else 'train'].append(
                        path if is_test else f'{path} {label}'
                    )
        for part, lines in parts.items():
            (official / f'{part}list0{split}.txt').write_text('\n'.join(lines) + '\n')
    preparation = make_preparation(get_benchmark('ucf101'))
    plan = preparation.read(Namespace(annotations=official))
    assert plan.problems == []
    (prepared / 'labels.txt').write_text('\n'.join(plan.labels) + '\n')
    for videos in plan.lists:
        lines = [f'{video.path} {video.annotation}' for video in videos.videos]
        (prepared / videos.listed.file_name()).write_text('\n'.join(lines) + '\n')
    return root / 'data'


def parts_of(name: str, root: Path) -> list[tuple[str, Material]]:
    protocol = get_protocol(name)
    folder = DataFolder(root / protocol.benchmark.name, protocol)
    return [
        (part, folder.test(run, part, Choices())) for run in protocol.runs for part in run.tests
    ]


@pytest.mark.parametrize(
    ('name', 'expected'),
    [
        ('zero_shot_ucf101_z3', [f'ucf101_test_split_{n}' for n in (1, 2, 3)]),
        ('zero_shot_ucf101_zf', ['ucf101_all']),
        ('zero_shot_ucf101_zf_prime', ['ucf101_all']),
        ('zero_shot_ucf101_zh', [f'ucf101_half_{n}' for n in range(10)]),
        ('base_to_novel_ucf101', ['ucf101_base', 'ucf101_novel'] * 3),
        ('few_shot_ucf101_k4', ['ucf101_test_split_1']),
    ],
)
def test_our_lists_of_ucf101_are_the_published_ones(
    ucf101: Path, name: str, expected: list[str]
) -> None:
    materials = [material for _, material in parts_of(name, ucf101)]
    assert [material.list_facts().published for material in materials] == expected
    assert [material.class_facts().published for material in materials] == expected


def test_training_lists_of_ucf101(ucf101: Path) -> None:
    protocol = get_protocol('ucf101_1x1')
    folder = DataFolder(ucf101 / 'ucf101', protocol)
    found = [folder.train(run, Choices()).list_facts().published for run in protocol.runs]
    assert found == [f'ucf101_train_split_{n}' for n in (1, 2, 3)]


@pytest.fixture(params=['one less', 'one of another class', 'one other', 'one more'])
def one_video_differs(ucf101: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    """A data root whose test list of split 1 differs from the official one in one video."""
    path = ucf101 / 'ucf101' / 'ucf101_val_split_1_videos.txt'
    before = path.read_text()
    first, *rest = before.splitlines()
    lines = {
        'one less': rest,
        'one of another class': [first, *rest[:-1], f'{rest[-1].split(" ")[0]} 0'],
        'one other': ['Archery/v_x.avi 2', *rest],
        'one more': [first, 'Archery/v_x.avi 2', *rest],
    }
    path.write_text('\n'.join(lines[request.param]) + '\n')
    yield ucf101
    path.write_text(before)


def test_a_list_that_differs_in_one_video_is_another_list(one_video_differs: Path) -> None:
    (material,) = [m for _, m in parts_of('few_shot_ucf101_k4', one_video_differs)]
    assert material.list_facts().published is None
    assert material.class_facts().published is not None


def test_its_card_quotes_no_number(one_video_differs: Path, sections: dict) -> None:
    """One video in one of three splits: the card says so, whatever the number of videos."""

    def page(root: Path) -> str:
        base = sections['runs'][0]
        runs = [
            base | dict(run=f'split{n}', classes=m.class_facts(), test_list=m.list_facts())
            for n, (_, m) in enumerate(parts_of('zero_shot_ucf101_z3', root), start=1)
        ]
        return to_markdown(make_card(**sections | dict(runs=runs)))

    assert 'the test videos are not those of ViFi-CLIP' in page(one_video_differs)
    assert '| ViFi-CLIP | 76.8 |' not in page(one_video_differs)


def test_the_rule_gives_the_published_base_classes(ucf101_clips: dict) -> None:
    """Of UCF101 and HMDB51 (split 1) and Something-Something V2; HMDB51's classes have 70 each."""
    ssv2 = json.loads((DATA / 'ssv2_training_videos.json').read_text())
    hmdb51 = dict.fromkeys(
        sorted(name for part in base_to_novel_classes('hmdb51') for name in part), 70
    )
    counts = dict(
        ucf101={name: sum(groups[7:]) for name, groups in ucf101_clips.items()},
        hmdb51=hmdb51,
        ssv2=ssv2,
    )
    assert sum(counts['ucf101'].values()) == 9537 and sum(ssv2.values()) == 168913
    for dataset, videos in counts.items():
        names = list(videos)
        labels = [label for label, name in enumerate(names) for _ in range(videos[name])]
        base = [names[label] for label in most_frequent_half(len(names), labels)]
        published, novel = base_to_novel_classes(dataset)
        assert hash_names(base) == hash_names(published), dataset
        assert hash_names(set(names) - set(base)) == hash_names(novel), dataset


def test_ties_to_the_smaller_id_would_be_nearly_the_complement() -> None:
    """What the protocol of HMDB51 measured before; both halves have the same sizes."""
    base, novel = base_to_novel_classes('hmdb51')
    names = sorted(name.replace(' ', '_') for name in (*base, *novel))
    ids = sorted(names.index(name.replace(' ', '_')) for name in base)
    assert ids == list(range(25, 51))


def test_halves_of_hmdb51_are_drawn_in_the_published_order() -> None:
    base, novel = base_to_novel_classes('hmdb51')
    names = sorted(name.replace(' ', '_') for name in (*base, *novel))  # as prepare.py has them
    for seed, run in enumerate(get_protocol('zero_shot_hmdb51_zh').runs):
        chosen = run.tests['test'].classes.choose(names, list, None)
        half = [names[index] for index in chosen.ids]
        assert hash_names(half) == published_lists()[f'hmdb51_half_{seed}'].classes


def test_class_sets_are_those_of_the_peers_label_files() -> None:
    """The hashes of benchmarks/*.json were taken from the label files that belong to them."""
    lists = published_lists()
    for dataset in ('kinetics400', 'ucf101', 'hmdb51', 'ssv2'):
        for part, names in zip(('base', 'novel'), base_to_novel_classes(dataset), strict=True):
            assert hash_names(names) == lists[f'{dataset}_{part}'].classes
    for split in (1, 2, 3):
        names = get_benchmark('kinetics600').zero_shot_classes[split - 1]
        assert len(set(names)) == 160 and list(names) == sorted(names)
        for end in (f'test_{split}_text4vis', f'test_{split}_vifi_clip', f'val_{split}'):
            assert hash_names(names) == lists[f'kinetics600_zero_shot_{end}'].classes


def test_every_published_list_belongs_to_a_protocol() -> None:
    used = {
        name
        for protocol in PROTOCOLS.values()
        for run in protocol.runs
        for videos in (run.train, *run.tests.values())
        if videos is not None
        for name in videos.published
    }
    assert used == set(published_lists())
    for each in published_lists().values():
        assert each.projects and each.source and len(each.videos) == len(each.classes) == 64


@pytest.mark.parametrize(
    ('path', 'expected'),
    [
        ('ApplyEyeMakeup/v_ApplyEyeMakeup_g01_c01.avi', 'v_applyeyemakeup_g01_c01'),
        ('v_HandStandPushups_g01_c01', 'v_handstandpushups_g01_c01'),
        ('val/0wR5jVB-WPk_000417_000427.mp4', '0wr5jvb-wpk'),
        ('abseiling/0wR5jVB-WPk.mkv', '0wr5jvb-wpk'),
        ('74225.webm', '74225'),
        ('a.b_c.d', 'a.b_c.d'),
    ],
)
def test_the_id_of_a_video(path: str, expected: str) -> None:
    assert video_id(path) == expected


def test_hashes_ignore_order_and_spelling_and_nothing_else() -> None:
    one = hash_videos([('A/x.avi', ['brush_hair']), ('B/y.avi', ['Archery', 'sit'])])
    assert one == hash_videos([('y.mp4', ['sit', 'archery']), ('x', ['Brush Hair'])])
    assert one != hash_videos([('A/x.avi', ['brush_hair']), ('B/y.avi', ['Archery'])])
    assert hash_names(['a b', 'C']) == hash_names(['c', 'A_B']) != hash_names(['a', 'b', 'c'])


def test_names_that_are_not_published() -> None:
    assert get_protocol('few_shot_ucf101_k1').runs[0].train.published == ()
    assert get_protocol('few_shot_ucf101_k2').runs[0].train.published == ('ucf101_2_shots',)
    assert Counter(name.split('_')[0] for name in published_lists())['ucf101'] > 20
