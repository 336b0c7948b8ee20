"""Prepare UCF101 from small copies of its layout, correct and faulty ones."""

import json
from dataclasses import replace

import pytest
from mmaction.registry import DATASETS

from actionclip_mm.benchmarks import get_benchmark

CLASSES = ('ApplyEyeMakeup', 'HandstandPushups')


def video(name: str, group: int) -> str:
    """Path in the official lists; file names of one class differ in case from its folder."""
    return f'{name}/v_{name.replace("Handstand", "HandStand")}_g0{group}_c01.avi'


def split_files() -> dict[str, str]:
    texts = {'classInd.txt': ''.join(f'{i} {name}\r\n' for i, name in enumerate(CLASSES, 1))}
    for split in (1, 2, 3):
        train = [
            f'{video(name, group)} {index}'
            for index, name in enumerate(CLASSES, 1)
            for group in (1, 2, 3)
            if group != split
        ]
        texts[f'trainlist0{split}.txt'] = '\n'.join(train) + '\n'
        texts[f'testlist0{split}.txt'] = '\r\n'.join(video(name, split) for name in CLASSES)
    return texts


@pytest.fixture
def copy(tmp_path, write_copy, write_texts):
    """Folder with UCF-101/ and ucfTrainTestlist/."""
    videos = [video(name, group) for name in CLASSES for group in (1, 2, 3)]
    write_copy(tmp_path / 'UCF-101', videos)
    write_texts(tmp_path / 'ucfTrainTestlist', split_files())
    return tmp_path


@pytest.fixture
def prepare(resize, copy, prepare_with):
    """Function that prepares the copy with its own official numbers."""
    sizes = {f'ucf101_train_split_{split}': 4 for split in (1, 2, 3)}
    sizes |= {f'ucf101_val_split_{split}': 2 for split in (1, 2, 3)}
    dataset = resize('ucf101', 2, {**sizes, 'ucf101_all': 6})
    paths = dict(videos=copy / 'UCF-101', annotations=copy / 'ucfTrainTestlist', out=copy / 'out')
    return prepare_with(dataset, **paths)


def test_writes_what_the_host_reads(copy, prepare, same_tree, read_report) -> None:
    before = same_tree(copy / 'UCF-101')
    assert prepare() == 0
    assert same_tree(copy / 'UCF-101') == before
    out = copy / 'out'
    assert (out / 'labels.txt').read_text() == 'ApplyEyeMakeup\nHandstandPushups\n'
    assert (out / 'ucf101_val_split_1_videos.txt').read_text().splitlines() == [
        'ApplyEyeMakeup/v_ApplyEyeMakeup_g01_c01.avi 0',
        'HandstandPushups/v_HandStandPushups_g01_c01.avi 1',
    ]
    assert len((out / 'ucf101_all_videos.txt').read_text().splitlines()) == 6
    assert (out / 'videos').is_symlink()
    for file in sorted(out.glob('ucf101_*.txt')):
        dataset = DATASETS.build(
            dict(
                type='RobustVideoDataset',
                ann_file=str(file),
                data_prefix=dict(video=str(out / 'videos')),
                pipeline=[],
                test_mode=True,
            )
        )
        assert all((out / 'videos' / d['filename']).is_file() for d in dataset.load_data_list())
    report = read_report(out)
    assert report['complete'] and report['problems'] == []
    assert [row['listed'] for row in report['lists']] == [4, 2, 4, 2, 4, 2, 6]
    assert prepare() == 0  # again: nothing to change
    assert read_report(out)['written'] == []


def test_case_of_names_follows_the_disk(copy, prepare) -> None:
    (copy / 'UCF-101' / 'HandstandPushups').rename(copy / 'UCF-101' / 'HandStandPushups')
    assert prepare() == 0
    assert 'HandStandPushups/v_HandStand' in (copy / 'out/ucf101_all_videos.txt').read_text()


def test_missing_videos_stay_in_test_lists_only(copy, prepare, read_report) -> None:
    (copy / 'UCF-101' / video('ApplyEyeMakeup', 1)).rename(copy / 'elsewhere.avi')
    (copy / 'UCF-101' / video('ApplyEyeMakeup', 2)).write_bytes(b'')
    assert prepare() == 1
    report = read_report(copy / 'out')
    assert not report['complete']
    assert report['missing']['videos'] == [video('ApplyEyeMakeup', 1)]
    assert report['unusable']['videos'] == {video('ApplyEyeMakeup', 2): 'empty file'}
    numbers = {row['file']: row for row in report['lists']}
    train, test = numbers['ucf101_train_split_3_videos.txt'], numbers['ucf101_all_videos.txt']
    assert (train['missing'], train['unusable'], train['written']) == (1, 1, 2)
    assert (test['missing'], test['unusable'], test['written']) == (1, 1, 6)
    assert prepare('--present-only', out=copy / 'present') == 1
    report = read_report(copy / 'present')
    assert report['present_only']
    assert report['lists'][-1]['written'] == 5  # the empty file counts as wrong
    assert 'test lists included' in (copy / 'present' / 'preparation_report.md').read_text()


def test_packed_class(copy, prepare, read_report) -> None:
    (copy / 'UCF-101' / 'HandstandPushups').rename(copy / 'away')
    (copy / 'UCF-101' / 'HandstandPushups.rar').write_bytes(b'Rar!')
    assert prepare() == 1
    problem = ' '.join(read_report(copy / 'out')['problems'])
    assert 'unpack HandstandPushups.rar first' in problem and '3 listed videos' in problem


def test_extra_and_duplicate_videos_are_listed(copy, prepare, write_copy, read_report) -> None:
    write_copy(copy / 'UCF-101', ['ApplyEyeMakeup/holiday.avi', 'ApplyEyeMakeup/holiday.mp4'])
    (copy / 'UCF-101' / 'ApplyEyeMakeup' / 'v_ApplyEyeMakeup_g01_c01.mp4').write_bytes(b'x')
    assert prepare() == 0
    report = read_report(copy / 'out')
    assert report['extra']['videos'] == ['ApplyEyeMakeup/holiday.avi', 'ApplyEyeMakeup/holiday.mp4']
    assert report['duplicates']['videos'] == ['ApplyEyeMakeup/v_ApplyEyeMakeup_g01_c01.mp4']


def test_of_two_files_the_usable_one_is_used(copy, prepare, write_copy, read_report) -> None:
    first = copy / 'UCF-101' / video(CLASSES[0], 1)
    write_copy(copy / 'UCF-101', [str(first.with_suffix('.mp4').relative_to(copy / 'UCF-101'))])
    first.write_bytes(b'')
    assert prepare() == 0
    text = (copy / 'out' / 'ucf101_val_split_1_videos.txt').read_text()
    assert text.startswith('ApplyEyeMakeup/v_ApplyEyeMakeup_g01_c01.mp4 0\n')
    assert read_report(copy / 'out')['duplicates']['videos'] == [video(CLASSES[0], 1)]


@pytest.mark.parametrize(
    ('file', 'row', 'words'),
    [
        (
            'trainlist01.txt',
            'ApplyEyeMakeup v_ApplyEyeMakeup_g01_c01.avi',
            'not a class, a video',
        ),
        ('trainlist02.txt', 'Skiing/v_Skiing_g01_c01.avi 1', 'not in classInd.txt'),
        ('trainlist03.txt', f'{video(CLASSES[0], 3)} 2', 'classInd.txt has label 1 for it'),
        ('testlist01.txt', video(CLASSES[0], 1), 'repeated in this list'),
    ],
)
def test_broken_rows_are_listed(copy, prepare, read_report, file, row, words) -> None:
    with open(copy / 'ucfTrainTestlist' / file, 'a') as lines:
        lines.write(f'\n{row}\n')
    assert prepare() == 1
    (problem,) = read_report(copy / 'out')['problems']
    assert words in problem and row in problem and problem.startswith(f'{file} line ')


@pytest.mark.parametrize(
    ('make', 'words'),
    [
        (lambda copy: dict(videos=copy / 'nowhere'), ['No such folder', 'unpack UCF101.rar first']),
        (lambda copy: dict(videos=copy), ['its folder UCF-101 does: use --videos']),
        (
            lambda copy: dict(videos=copy / 'UCF-101' / CLASSES[0]),
            ['the folder above holds the others'],
        ),
        (lambda copy: dict(videos=copy / 'ucfTrainTestlist'), ['holds none', 'it has none']),
        (lambda copy: dict(annotations=copy / 'UCF-101'), ['has no classInd.txt', '--annotations']),
        (lambda copy: dict(videos=None), ['Neither --videos nor --frames']),
        (lambda copy: dict(workers=0), ['--workers: must be a positive integer, got 0']),
    ],
)
def test_wrong_calls_write_nothing(copy, prepare, capsys, make, words) -> None:
    (copy / 'UCF101.rar').write_bytes(b'Rar!')
    assert prepare(**make(copy)) == 2
    message = capsys.readouterr().err.splitlines()[-1]
    assert all(word in message for word in words), message
    assert not (copy / 'out').exists()


def test_other_lists_are_replaced_only_if_asked(copy, prepare, capsys) -> None:
    mine = copy / 'out' / 'ucf101_val_split_1_videos.txt'
    mine.parent.mkdir()
    mine.write_text('mine\n')
    assert prepare() == 2
    assert '--overwrite' in capsys.readouterr().err
    assert [path.name for path in (copy / 'out').iterdir()] == [mine.name]
    assert mine.read_text() == 'mine\n'
    assert prepare('--overwrite') == 0
    assert mine.read_text() != 'mine\n'


def test_existing_links_are_kept(copy, prepare, capsys) -> None:
    assert prepare() == 0
    (copy / 'UCF-101').rename(copy / 'moved')
    (copy / 'UCF-101').mkdir()
    assert prepare('--check-decoding', videos=copy / 'moved') == 2
    assert 'only the link changes' in capsys.readouterr().err
    assert not (copy / 'out' / 'decode_check.jsonl').exists()  # said before hours of decoding
    assert prepare('--overwrite', videos=copy / 'moved') == 0
    assert (copy / 'out' / 'videos').resolve() == (copy / 'moved').resolve()


def test_videos_in_place_need_no_link(copy, prepare) -> None:
    (copy / 'out').mkdir()
    (copy / 'UCF-101').rename(copy / 'out' / 'videos')
    assert prepare(videos=copy / 'out' / 'videos') == 0
    assert not (copy / 'out' / 'videos').is_symlink()


def test_raw_frames(copy, prepare, write_texts) -> None:
    for name in CLASSES:
        for group in (1, 2, 3):
            folder = copy / 'frames' / video(name, group).removesuffix('.avi')
            names = [f'{kind}_{i:05d}.jpg' for i in range(1, 5) for kind in ('img', 'flow_x')]
            write_texts(folder, dict.fromkeys(names, ''))
    broken = copy / 'frames' / video(CLASSES[0], 2).removesuffix('.avi')
    (broken / 'img_00002.jpg').rename(copy / 'away.jpg')
    assert prepare(videos=None, frames=copy / 'frames') == 1
    out = copy / 'out'
    assert (
        'ApplyEyeMakeup/v_ApplyEyeMakeup_g01_c01 4 0\n'
        in (out / 'ucf101_val_split_1_rawframes.txt').read_text()
    )
    assert (out / 'rawframes').is_symlink() and not (out / 'videos').exists()
    report = json.loads((out / 'preparation_report_rawframes.json').read_text())
    reasons = report['unusable']['rawframes']
    assert reasons == {video(CLASSES[0], 2): 'frame 2 is missing between 1 and 4'}


def test_published_numbers_are_those_of_the_descriptor(copy, prepare_with, read_report) -> None:
    dataset = replace(get_benchmark('ucf101'), num_classes=2)
    paths = dict(videos=copy / 'UCF-101', annotations=copy / 'ucfTrainTestlist')
    assert prepare_with(dataset, **paths)(out=copy / 'out') == 1
    report = read_report(copy / 'out')
    assert not report['complete'] and report['problems'] == []
    assert report['lists'][-1]['published'] == [13320]


@pytest.mark.slow
def test_missing_classes_are_refused_from_the_command_line(copy, run_tool) -> None:
    output = run_tool(
        *('prepare', 'ucf101'),
        *('--videos', copy / 'UCF-101', '--annotations', copy / 'ucfTrainTestlist'),
        *('--out', copy / 'out'),
        ok=False,
    )
    assert 'name 2 classes but UCF101 has 101' in output.splitlines()[-1]
    assert not (copy / 'out').exists()


def test_decoding_check_resumes(copy, prepare, read_report, capsys) -> None:
    (copy / 'UCF-101' / video(CLASSES[0], 1)).write_bytes(b'no video' * 100)
    assert prepare('--check-decoding', '--workers=2') == 1
    assert list(read_report(copy / 'out')['unusable']['videos']) == [video(CLASSES[0], 1)]
    assert len((copy / 'out' / 'decode_check.jsonl').read_text().splitlines()) == 5
    assert prepare('--check-decoding') == 1
    assert '5 of 6 videos were checked before' in capsys.readouterr().out


def test_one_flat_folder(copy, prepare, read_report, tmp_path) -> None:
    flat = tmp_path / 'flat'
    flat.mkdir()
    for path in (copy / 'UCF-101').glob('*/*.avi'):
        path.rename(flat / path.name)
    assert prepare(videos=flat) == 0
    out = copy / 'out'
    lines = (out / 'ucf101_all_videos.txt').read_text().splitlines()
    assert len(lines) == 6
    for line in lines:
        name, label = line.rsplit(' ', 1)
        assert '/' not in name and (out / 'videos' / name).is_file()
        assert name.lower().startswith(f'v_{CLASSES[int(label)].lower()}_')
    assert not any(read_report(out)['extra'].values())
