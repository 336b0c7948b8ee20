"""Prepare Kinetics-400 and -600 from small copies in all layouts."""

import json

import pytest
from torchvision.models._meta import _KINETICS400_CATEGORIES

from actionclip_mm.benchmarks import get_benchmark
from actionclip_mm.preparation.kinetics_zero_shot import zero_shot_classes
from actionclip_mm.utils import normalize_name

HEADER = 'label,youtube_id,time_start,time_end,split'
TRAIN = (('air drumming', 'aaaaaaaaaa1', 1, 11), ('abseiling', '-bbbbbb_bb2', 0, 10))
VAL = (('zumba', 'cccccc_ccc3', 42, 52), ("massaging person's head", 'dddddddddd4', 7, 17))


def csv_text(rows, split: str) -> str:
    return '\n'.join([HEADER, *(','.join(map(str, (*row, split))) for row in rows)]) + '\n'


def flat(row, split: str) -> str:
    return f'{split}/{row[1]}_{row[2]:06d}_{row[3]:06d}.mp4'


def in_classes(row, split: str) -> str:
    return f'videos_{split}/{row[0]}/{row[1]}_{row[2]:06d}_{row[3]:06d}.mp4'


def by_id(row, split: str) -> str:
    return f'{split}/{row[1]}.mp4'


@pytest.fixture
def annotations(tmp_path, write_texts):
    texts = {'train.csv': csv_text(TRAIN, 'train'), 'val.csv': csv_text(VAL, 'val')}
    return write_texts(tmp_path / 'annotations', texts)


@pytest.fixture
def prepare(tmp_path, annotations, prepare_with):
    paths = dict(videos=tmp_path / 'k400', annotations=annotations, out=tmp_path / 'out')
    return prepare_with(get_benchmark('kinetics400'), **paths)


@pytest.mark.parametrize('layout', [flat, in_classes, by_id])
def test_layouts_of_copies(layout, tmp_path, prepare, write_copy, read_report) -> None:
    rows = [(row, 'train') for row in TRAIN] + [(row, 'val') for row in VAL]
    write_copy(tmp_path / 'k400', [layout(*row) for row in rows])
    assert prepare() == 0
    out = tmp_path / 'out'
    names = (out / 'labels.txt').read_text().splitlines()
    assert names == sorted(_KINETICS400_CATEGORIES)
    for split, part in (('train', TRAIN), ('val', VAL)):
        lines = (out / f'kinetics400_{split}_list_videos.txt').read_text().splitlines()
        for row, line in zip(part, lines, strict=True):
            path, label = line.rsplit(' ', 1)
            assert names[int(label)] == row[0]
            assert (out / f'videos_{split}' / path).is_file()
    report = read_report(out)
    assert report['classes'] == 400 and not any(report['missing'].values())
    assert len([note for note in report['notes'] if 'No clip is of' in note]) == 396


def test_missing_videos_are_omitted_and_reported(tmp_path, prepare, write_copy, read_report):
    write_copy(tmp_path / 'k400', [flat(TRAIN[0], 'train'), flat(VAL[1], 'val')])
    assert prepare() == 0  # every copy of Kinetics lacks some
    report = read_report(tmp_path / 'out')
    assert report['complete'] and report['present_only']
    assert [(row['listed'], row['written']) for row in report['lists']] == [(2, 1), (2, 1)]
    assert report['missing']['videos_val'] == ['cccccc_ccc3_000042_000052.mp4']
    assert prepare('--no-present-only', out=tmp_path / 'all') == 0
    assert read_report(tmp_path / 'all')['lists'][1]['written'] == 2


def test_respelled_and_unknown_labels(
    tmp_path, prepare, annotations, write_copy, write_texts, read_report
) -> None:
    rows = [*VAL, ('"massaging person""s head"', 'eeeeeeeeee5', 0, 10), ('napping', *VAL[0][1:])]
    rows[-1] = ('napping', 'ffffffffff6', 0, 10)
    write_texts(annotations, {'val.csv': csv_text(rows, 'val')})
    write_copy(tmp_path / 'k400', [flat(row, 'val') for row in rows])
    assert prepare('--splits', 'val') == 1
    report = read_report(tmp_path / 'out')
    (problem,) = report['problems']
    assert problem == "val: unknown class 'napping' of 1 clips, skipped"
    assert report['lists'][0]['listed'] == 3
    assert any('massaging person"s head' in note for note in report['notes'])
    assert report['extra']['videos_val'] == ['ffffffffff6_000000_000010.mp4']


def test_broken_rows_are_listed(
    tmp_path, prepare, annotations, write_copy, write_texts, read_report
) -> None:
    text = csv_text([*VAL, ('zumba', 'short', 1, 2), ('zumba', 'eeeeeeeeee5', 'x', 2), VAL[0]], '')
    write_texts(annotations, {'val.csv': text + 'zumba,eeeeeeeeee5\n'})
    write_copy(tmp_path / 'k400', [flat(row, 'val') for row in VAL])
    assert prepare('--splits', 'val') == 1
    problems = read_report(tmp_path / 'out')['problems']
    assert [problem.split(':')[0] for problem in problems] == [
        f'val.csv line {number}' for number in (4, 5, 6, 7)
    ]
    assert 'repeated' in problems[2] and 'another number of fields' in problems[3]


def test_an_id_with_two_clips_is_ambiguous(
    tmp_path, prepare, annotations, write_copy, write_texts, read_report
) -> None:
    rows = [*VAL, ('abseiling', VAL[0][1], 60, 70)]
    write_texts(annotations, {'val.csv': csv_text(rows, 'val')})
    write_copy(tmp_path / 'k400', [by_id(row, 'val') for row in VAL])
    assert prepare('--splits', 'val') == 0
    report = read_report(tmp_path / 'out')
    assert len(report['missing']['videos_val']) == 2
    assert report['extra']['videos_val'] == [f'{VAL[0][1]}.mp4']


def test_copies_of_mmaction2(tmp_path, prepare, write_copy, write_texts) -> None:
    """Class folders and its lists, no CSV file; folders name the classes, not the ids."""
    lines = {'train': [], 'val': []}
    for split, part in (('train', TRAIN), ('val', VAL)):
        for row in part:
            folder = row[0].replace(' ', '_')
            name = f'{folder}/{row[1]}_{row[2]:06d}_{row[3]:06d}.mp4'
            write_copy(tmp_path / 'k400', [f'videos_{split}/{name}'])
            lines[split].append(f'{name} 7')  # ids of another numbering
    texts = {
        f'kinetics400_{split}_list_videos.txt': '\n'.join(part) + '\n'
        for split, part in lines.items()
    }
    write_texts(tmp_path / 'k400', texts)
    assert prepare(annotations=tmp_path / 'k400') == 0
    names = (tmp_path / 'out' / 'labels.txt').read_text().splitlines()
    for split, part in (('train', TRAIN), ('val', VAL)):
        written = tmp_path / 'out' / f'kinetics400_{split}_list_videos.txt'
        for row, line in zip(part, written.read_text().splitlines(), strict=True):
            path, label = line.rsplit(' ', 1)
            assert names[int(label)] == row[0]
            assert (tmp_path / 'out' / f'videos_{split}' / path).is_file()


def test_replacements_of_corrupted_videos(
    tmp_path, prepare, write_copy, read_report, samples
) -> None:
    """An empty or a damaged file loses to a readable one of ``replacement/``, a good one wins."""
    rows = [(row, 'train') for row in TRAIN] + [(row, 'val') for row in VAL]
    root, good_bytes = tmp_path / 'k400', samples['.mp4'].read_bytes()
    write_copy(root, [flat(*row) for row in rows])
    empty, damaged = (root / flat(row, 'train') for row in TRAIN)
    good = root / flat(VAL[0], 'val')
    empty.write_bytes(b'')
    damaged.write_bytes(b'not a video')
    good.write_bytes(good_bytes)
    folder = root / 'replacement' / 'replacement_for_corrupted_k400'
    folder.mkdir(parents=True)
    for path in (empty, damaged, good):
        (folder / path.name).write_bytes(good_bytes)
    assert prepare() == 0
    out = tmp_path / 'out'
    for split, expected in (
        ('train', [folder / empty.name, folder / damaged.name]),
        ('val', [good]),
    ):
        lines = (out / f'kinetics400_{split}_list_videos.txt').read_text().splitlines()
        paths = [(out / f'videos_{split}' / line.rsplit(' ', 1)[0]).resolve() for line in lines]
        assert paths[: len(expected)] == expected
    report = read_report(out)
    assert not any(report['unusable'].values()) and not any(report['extra'].values())


def test_wrong_folders(tmp_path, prepare, annotations, write_copy, write_texts, capsys) -> None:
    write_copy(tmp_path / 'k400', [flat(row, 'val') for row in VAL])
    assert prepare() == 2
    assert 'has no folder videos_train or train' in capsys.readouterr().err
    write_texts(annotations, {'val.csv': 'youtube_id,time_start,time_end,split\n'})
    assert prepare('--splits', 'val') == 2
    assert 'has no column label' in capsys.readouterr().err


# Kinetics-600: 400 old classes and the 220 new ones, of which 3 times 160 serve for zero-shot
KINETICS600 = get_benchmark('kinetics600')
SPLITS = KINETICS600.zero_shot_classes
NEW = [*sorted({name for names in SPLITS for name in names}), 'action a', 'action b', 'action c']
ALL = [*sorted(_KINETICS400_CATEGORIES), *NEW]
IDS = [[ALL.index(name) for name in names] for names in SPLITS]


def objects(names: list[str]) -> list[dict]:
    """As the real file has them."""
    return [dict(word=n, defn='a b.', cleaned_word=n.lower(), cleaned_defn='a b .') for n in names]


def k600_rows(split: str) -> list:
    names = [*ALL[:380], *ALL[400:]]
    return [(name, f'{split}{index:06d}'.rjust(11, '_'), 0, 10) for index, name in enumerate(names)]


@pytest.fixture
def k600(tmp_path, write_texts, prepare_with):
    """Function that prepares a Kinetics-600 of one clip per class and part, with few files."""
    texts = {
        f'{split}.csv': csv_text(k600_rows(split), split) for split in ('train', 'val', 'test')
    }
    write_texts(tmp_path / 'annotations', texts)
    paths = dict(videos=tmp_path / 'k600', annotations=tmp_path / 'annotations')
    paths |= {'out': tmp_path / 'out', 'zero-shot': tmp_path / 'zsl220'}
    return prepare_with(KINETICS600, **paths)


def write_zsl220(write_texts, folder, names=ALL, lists=IDS) -> None:
    texts = {'classes620_label_defn.json': objects(names), 'tst_class_idxs.json': lists}
    write_texts(folder, {name: json.dumps(content) for name, content in texts.items()})


def test_zero_shot_classes_with_and_without_the_folder(tmp_path, write_texts) -> None:
    write_zsl220(write_texts, tmp_path)
    labels = [name.upper() for name in ALL]
    expected = [[name.upper() for name in names] for names in SPLITS]
    assert zero_shot_classes(KINETICS600, tmp_path, labels) == expected
    assert zero_shot_classes(KINETICS600, None, labels) == expected


@pytest.mark.parametrize(
    ('names', 'lists', 'words'),
    [
        (ALL[:600], IDS, 'a list of 620 objects'),
        (ALL, IDS[:2], '3 lists of ids'),
        (ALL, [*IDS[:2], IDS[2][:-1]], 'List 3 of .* names 159 classes that are not the 160'),
        (ALL, [IDS[1], IDS[0], IDS[2]], 'List 1 of .* names 160 classes that are not the 160'),
        ([*ALL[400:], *ALL[:400]], IDS, 'are not the 160 published ones'),
    ],
)
def test_zero_shot_files_of_other_classes(tmp_path, write_texts, names, lists, words) -> None:
    """160 of 620 proves nothing: names are compared."""
    write_zsl220(write_texts, tmp_path, names, lists)
    with pytest.raises(ValueError, match=words):
        zero_shot_classes(KINETICS600, tmp_path, ALL)


def test_zero_shot_classes_that_the_annotations_lack() -> None:
    labels = [name.replace('breathing fire', 'fire breathing') for name in ALL]
    with pytest.raises(ValueError, match="such as 'breathing fire'"):
        zero_shot_classes(KINETICS600, None, labels)


def test_listings_of_cvdf(tmp_path, k600, write_copy, write_texts) -> None:
    """train.txt and val.txt are recursive listings; their CSV files are incomplete."""
    names = [*ALL[:380], *ALL[400:]]
    parts = ['val:', *names]
    for index, name in enumerate(names):
        parts += ['', f'val/{name}:', f'a_b-{index:07d}_000003_000013.mp4']
    write_texts(tmp_path / 'annotations', {'val.txt': '\n'.join(parts) + '\n'})
    write_copy(tmp_path / 'k600', ['val/a_b-0000599_000003_000013.mp4'])
    assert k600('--splits', 'val', '--zero-shot') == 0
    lines = (tmp_path / 'out' / 'kinetics600_val_list_videos.txt').read_text().splitlines()
    labels = (tmp_path / 'out' / 'labels.txt').read_text().splitlines()
    (line,) = lines
    assert labels[int(line.split()[-1])] == NEW[-1]


def test_test_csv_without_labels(tmp_path, k600, write_copy, write_texts, capsys) -> None:
    """CVDF's."""
    text = 'youtube_id,time_start,time_end,split\n--6bJUbfpnQ,17,27,test\n'
    write_texts(tmp_path / 'annotations', {'test.csv': text})
    write_copy(tmp_path / 'k600', ['test/--6bJUbfpnQ_000017_000027.mp4'])
    assert k600('--splits', 'test') == 2
    assert 'has no column label' in (error := capsys.readouterr().err) and 'DeepMind' in error
    write_copy(tmp_path / 'k600', [flat(k600_rows('val')[0], 'val')])
    assert k600('--splits', 'val', '--zero-shot') == 0  # as the message advises


@pytest.mark.parametrize('content', ['null', '3', '{"word": "clap"}'])
def test_zero_shot_names_that_are_not_a_list(tmp_path, write_texts, content) -> None:
    write_texts(tmp_path, {'classes620_label_defn.json': content, 'tst_class_idxs.json': '[]'})
    with pytest.raises(ValueError, match='a list of 620 objects'):
        zero_shot_classes(KINETICS600, tmp_path, ALL)


def test_zero_shot_lists_have_ids_of_their_own(
    tmp_path, k600, write_copy, write_texts, read_report
) -> None:
    write_zsl220(write_texts, tmp_path / 'zsl220')
    chosen = {'test': [IDS[0][3], IDS[1][5], IDS[2][9]], 'val': [IDS[2][0]]}
    by_name = {split: {row[0]: row for row in k600_rows(split)} for split in ('val', 'test')}
    for split, ids in chosen.items():
        write_copy(tmp_path / 'k600', [flat(by_name[split][ALL[index]], split) for index in ids])
    assert k600('--splits', 'val', 'test') == 0
    out = tmp_path / 'out'
    assert len((out / 'labels.txt').read_text().splitlines()) == 600
    for number, ids in enumerate(IDS, start=1):
        names = (out / f'zero_shot_split_{number}_labels.txt').read_text().splitlines()
        assert names == sorted(ALL[index] for index in ids)
        for split, there in chosen.items():
            file = f'kinetics600_zero_shot_split_{number}_{split}_videos.txt'
            lines = (out / file).read_text().splitlines()
            labels = sorted(names[int(line.rsplit(' ', 1)[1])] for line in lines)
            assert labels == sorted(ALL[index] for index in there if index in ids)
    sizes = {row['file']: row['published'] for row in read_report(out)['lists']}
    assert sizes['kinetics600_zero_shot_split_1_test_videos.txt'] == [14119, 14084]


def test_k600_without_all_classes_is_refused(tmp_path, k600, write_copy, capsys) -> None:
    rows = k600_rows('val')[:-1]
    for split in ('train', 'val', 'test'):
        (tmp_path / 'annotations' / f'{split}.csv').write_text(csv_text(rows, split))
    write_copy(tmp_path / 'k600', [flat(rows[0], 'val')])
    assert k600('--splits', 'val') == 2
    assert "No such folder: '" in (error := capsys.readouterr().err) and '--zero-shot' in error
    (tmp_path / 'zsl220').mkdir()
    assert k600('--splits', 'val') == 2
    assert '--zero-shot' in capsys.readouterr().err
    assert k600('--splits', 'val', **{'zero-shot': None}) == 2
    assert 'name 599 classes but Kinetics-600 has 600' in capsys.readouterr().err
    assert not (tmp_path / 'out').exists()


def test_class_names_differ_by_letters_and_digits() -> None:
    assert len({normalize_name(name) for name in _KINETICS400_CATEGORIES}) == 400
