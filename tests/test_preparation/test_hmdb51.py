"""Prepare HMDB51 from a small copy of its layout, with odd file names."""

import pytest
from mmaction.registry import DATASETS

# patterns of names that the archives hold: signs that shells, lists and globs stumble over
NAMES = {
    'brush_hair': (
        '#20_Rhythm_clap_u_nm_np1_fr_goo_0.avi',
        'April_09_brush_hair_u_nm_np1_ba_goo_0.avi',
        'Brunette_(Foxyanya)_ultra_silky_[long]_hair_brushing_brush_hair_h_nm_np2_ri_med_2.avi',
        'Tom & Jerry; part 2!_brush_hair_f_nm_np1_fr_med_1.avi',
    ),
    'clap': (
        '_Art_of_the_Drink__Flaming_Zombie_clap_u_cm_np1_fr_med_0.avi',
        'who+is=it@home,_100%_clap_f_cm_np1_fr_med_0.avi',
        "Don't_{stop}~clap_u_nm_np1_fr_med 3.avi",
    ),
}
USES = {'brush_hair': ('120', '210', '112', '021'), 'clap': ('121', '212', '100')}


@pytest.fixture
def copy(tmp_path, write_copy, write_texts):
    """Folder with hmdb51_org/ and testTrainMulti_7030_splits/."""
    write_copy(tmp_path / 'hmdb51_org', [f'{c}/{name}' for c, ns in NAMES.items() for name in ns])
    texts = {
        f'{c}_test_split{split}.txt': ''.join(
            f'{name} {use[split - 1]} \n' for name, use in zip(names, USES[c], strict=True)
        )
        for c, names in NAMES.items()
        for split in (1, 2, 3)
    }
    write_texts(tmp_path / 'testTrainMulti_7030_splits', texts)
    return tmp_path


SIZES = {
    'hmdb51_train_split_1': 4,
    'hmdb51_val_split_1': 2,
    'hmdb51_train_split_2': 3,
    'hmdb51_val_split_2': 3,
    'hmdb51_train_split_3': 2,
    'hmdb51_val_split_3': 2,
    'hmdb51_all': 7,
}


@pytest.fixture
def prepare(resize, copy, prepare_with):
    dataset = resize('hmdb51', 2, SIZES)
    paths = dict(videos=copy / 'hmdb51_org', annotations=copy, out=copy / 'out')
    return prepare_with(dataset, **paths)


def test_odd_file_names(copy, prepare, read_report) -> None:
    assert prepare() == 0
    out = copy / 'out'
    assert (out / 'labels.txt').read_text() == 'brush_hair\nclap\n'
    dataset = DATASETS.build(
        dict(
            type='RobustVideoDataset',
            ann_file=str(out / 'hmdb51_all_videos.txt'),
            data_prefix=dict(video=str(out / 'videos')),
            pipeline=[],
        )
    )
    read = {(data['filename'], data['label']) for data in dataset.load_data_list()}
    assert read == {
        (str(out / 'videos' / name / video), label)
        for label, name in enumerate(NAMES)
        for video in NAMES[name]
    }
    assert read_report(out)['extra'] == {'videos': []}


def test_splits_follow_the_numbers_after_the_names(copy, prepare) -> None:
    assert prepare() == 0
    used: dict[tuple[str, int], list[str]] = {}
    for part in ('train', 'val'):
        for split in (1, 2, 3):
            text = (copy / 'out' / f'hmdb51_{part}_split_{split}_videos.txt').read_text()
            used[part, split] = [line.rsplit(' ', 1)[0] for line in text.splitlines()]
    for name, videos in NAMES.items():
        for video, use in zip(videos, USES[name], strict=True):
            for split in (1, 2, 3):
                assert (f'{name}/{video}' in used['train', split]) == (use[split - 1] == '1')
                assert (f'{name}/{video}' in used['val', split]) == (use[split - 1] == '2')


def test_packed_classes(copy, prepare, capsys, read_report) -> None:
    (copy / 'hmdb51_org' / 'clap').rename(copy / 'away')
    (copy / 'hmdb51_org' / 'clap.rar').write_bytes(b'Rar!')
    assert prepare() == 1
    assert any('unpack clap.rar' in text for text in read_report(copy / 'out')['problems'])
    (copy / 'hmdb51_org' / 'brush_hair').rename(copy / 'away_too')
    assert prepare(out=copy / 'other') == 2
    assert 'unpack clap.rar first' in capsys.readouterr().err


def test_broken_rows_and_missing_split_files(copy, prepare, capsys, read_report) -> None:
    splits = copy / 'testTrainMulti_7030_splits'
    with open(splits / 'clap_test_split2.txt', 'a') as lines:
        lines.write('clapping.avi 3\n')
    assert prepare() == 1
    (problem,) = read_report(copy / 'out')['problems']
    assert problem.startswith("clap_test_split2.txt line 4, 'clapping.avi 3'")
    (splits / 'clap_test_split3.txt').rename(copy / 'away.txt')
    assert prepare() == 2
    assert 'no clap_test_split3.txt' in capsys.readouterr().err
    assert prepare(annotations=copy / 'hmdb51_org') == 2
    assert 'test_train_splits.rar' in capsys.readouterr().err
