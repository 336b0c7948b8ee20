"""Prepare Charades from small copies of its layout, correct and faulty ones."""

import csv
import io
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mmaction.registry import DATASETS

from actionclip_mm.preparation.charades import read_videos

CLASSES = ['Holding some clothes', 'Putting clothes somewhere', 'Opening a door', 'Someone runs']
OTHER_COLUMNS = ['subject', 'scene', 'quality', 'relevance', 'verified']
COLUMNS = ['id', *OTHER_COLUMNS, 'script', 'objects', 'descriptions', 'actions', 'length']
SCRIPT = 'A person stands, laughs; then says ""hello"" and\nleaves.'
# id -> actions and length
TRAIN = {
    'AAAA1': ('c002 11.90 21.20;c000 0.00 12.60;c002 1.00 2.00', '20.50'),
    'BBBB2': ('c001 5.00 5.00;c003 0.00 4.00', '24.83'),
    'CCCC3': ('', '30.00'),
}
TEST = {'DDDD4': ('c003 0.00 32.00', '31.00'), 'EEEE5': ('', '12.00')}


def csv_text(videos: dict[str, tuple[str, str]]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, restval='x, y')
    writer.writeheader()
    for name, (actions, length) in videos.items():
        writer.writerow(dict(id=name, script=SCRIPT, actions=actions, length=length))
    return out.getvalue()


def official_files() -> dict[str, str]:
    return {
        'Charades_v1_classes.txt': ''.join(f'c{i:03} {n}\n' for i, n in enumerate(CLASSES)),
        'Charades_v1_train.csv': csv_text(TRAIN),
        'Charades_v1_test.csv': csv_text(TEST),
    }


@pytest.fixture
def copy(tmp_path, write_copy, write_texts):
    """Folder with Charades_v1_480/ and Charades/."""
    write_copy(tmp_path / 'Charades_v1_480', [f'{name}.mp4' for name in [*TRAIN, *TEST]])
    write_texts(tmp_path / 'Charades', official_files())
    return tmp_path


@pytest.fixture
def prepare(resize, copy, prepare_with):
    """Function that prepares the copy with its own official numbers."""
    sizes = {'charades_train_list': 3, 'charades_test_list': 2}
    dataset = resize('charades', 4, sizes, {name: dict(unlabelled=1) for name in sizes})
    paths = dict(videos=copy / 'Charades_v1_480', annotations=copy / 'Charades')
    return prepare_with(dataset, out=copy / 'out', **paths)


def lines(copy, name):
    return (copy / 'out' / name).read_text().splitlines()


def test_the_lists(copy, prepare, read_report) -> None:
    assert prepare() == 0
    assert lines(copy, 'labels.txt') == CLASSES
    assert lines(copy, 'charades_train_list_videos.txt') == [
        'AAAA1.mp4 0 2',
        'BBBB2.mp4 1 3',
        'CCCC3.mp4',
    ]
    assert lines(copy, 'charades_test_list_videos.txt') == ['DDDD4.mp4 3', 'EEEE5.mp4']
    assert lines(copy, 'charades_train_segments.txt') == [
        'AAAA1.mp4 2 11.9 20.5',  # cut at the end of the video
        'AAAA1.mp4 0 0 12.6',
        'AAAA1.mp4 2 1 2',
        'BBBB2.mp4 3 0 4',  # the action without duration makes no segment
    ]
    train, test = read_report(copy / 'out')['notes']
    assert train.startswith('train: 5 actions (published: 49,809). 1 end after the end')
    assert '1 have no duration' in train and '0 have no duration' in test


def test_data_sets_read_the_lists(copy, prepare) -> None:
    prepare()
    common = dict(multi_class=True, num_classes=4, pipeline=[], test_mode=True)
    common |= dict(data_prefix=dict(video=str(copy / 'out' / 'videos')))
    whole = DATASETS.build(
        dict(
            type='RobustVideoDataset',
            ann_file=str(copy / 'out' / 'charades_train_list_videos.txt'),
            **common,
        )
    )
    labels = [whole.get_data_info(index)['label'].tolist() for index in range(3)]
    assert labels == [[1, 0, 1, 0], [0, 1, 0, 1], [0, 0, 0, 0]]
    segments = DATASETS.build(
        dict(
            type='VideoSegmentDataset',
            ann_file=str(copy / 'out' / 'charades_train_segments.txt'),
            **common,
        )
    )
    assert segments.get_data_info(0)['segment'] == (11.9, 20.5)


def test_a_missing_test_video_stays_in_the_list(copy, prepare, read_report) -> None:
    (copy / 'Charades_v1_480' / 'DDDD4.mp4').unlink()
    (copy / 'Charades_v1_480' / 'AAAA1.mp4').unlink()
    assert prepare() == 1
    assert lines(copy, 'charades_test_list_videos.txt') == ['DDDD4.mp4 3', 'EEEE5.mp4']
    assert lines(copy, 'charades_train_segments.txt') == ['BBBB2.mp4 3 0 4']
    assert read_report(copy / 'out')['missing']['videos'] == ['AAAA1.mp4', 'DDDD4.mp4']


@pytest.mark.parametrize(
    ('row', 'message'),
    [
        ('FFFF6,x,y', 'line 8: another number of fields than the header; row skipped'),
        (',x,x,x,x,x,x,x,x,,3.0', 'line 8: no id; row skipped'),
        ('AAAA1,x,x,x,x,x,x,x,x,,3.0', "line 8: 'AAAA1' is in line 3 already; row skipped"),
        (
            'F,x,x,x,x,x,x,x,x,,long',
            "line 8, 'F': its length must be a number of seconds, got 'long'",
        ),
        ('F,x,x,x,x,x,x,x,x,c001 3.0,9', "'F': its action 'c001 3.0' is not `c000 start end`"),
        ('F,x,x,x,x,x,x,x,x,c001 3.0 x,9', "'F': its action 'c001 3.0 x' is not"),
        ('F,x,x,x,x,x,x,x,x,c001 -3.0 2,9', "'F': its action 'c001 -3.0 2' is not"),
        ('F,x,x,x,x,x,x,x,x,c001 3.0 4;,9', "'F': its action '' is not"),
    ],
)
def test_broken_rows_are_listed(copy, prepare, read_report, row, message) -> None:
    """And skipped; other rows are unaffected."""
    with (copy / 'Charades' / 'Charades_v1_train.csv').open('a') as file:
        file.write(f'{row}\n')
    assert prepare() == 1
    assert len(lines(copy, 'charades_train_list_videos.txt')) == 3
    (problem,) = read_report(copy / 'out')['problems']
    assert message in problem


def test_other_numbers_of_unlabelled_videos(copy, prepare, read_report) -> None:
    text = csv_text(TEST | {'DDDD4': ('', '31.00')})
    (copy / 'Charades' / 'Charades_v1_test.csv').write_text(text)
    assert prepare() == 1
    assert read_report(copy / 'out')['problems'] == [
        'test: 2 videos have no label, expected 1: download Charades.zip again.'
    ]


@pytest.mark.parametrize(
    ('name', 'text', 'message'),
    [
        ('Charades_v1_test.csv', csv_text({'F': ('c004 1 2', '9')}), 'has class c004 but there'),
        ('Charades_v1_test.csv', 'id,script\n', 'lacks the columns actions, length'),
        ('Charades_v1_classes.txt', 'c000 Run\nc002 Jump\n', "Line 2 .* should be 'c001 Name"),
        ('Charades_v1_classes.txt', 'Run\n', "Line 1 .* is 'Run' and should be 'c000 Name"),
    ],
)
def test_unusable_files(copy, prepare, capsys, name, text, message) -> None:
    (copy / 'Charades' / name).write_text(text)
    assert prepare() == 2
    assert re.search(message, capsys.readouterr().err)
    assert not (copy / 'out').exists()


def test_missing_files(copy, prepare, capsys) -> None:
    (copy / 'Charades' / 'Charades_v1_test.csv').unlink()
    assert prepare() == 2
    assert 'has no Charades_v1_test.csv' in capsys.readouterr().err
    assert prepare(videos=copy / 'Charades_v1') == 2
    assert 'No such folder' in capsys.readouterr().err


times = st.integers(0, 4000).map(lambda hundredths: hundredths / 100)
lengths = st.integers(1, 4000).map(lambda hundredths: hundredths / 100)
actions = st.lists(st.tuples(st.integers(0, 3), times, times), max_size=4)


@settings(max_examples=40, deadline=None)
@given(
    st.dictionaries(st.text('ABC123', min_size=1, max_size=5), st.tuples(actions, lengths)),
    st.text('ab,;"\' \n', max_size=20),
)
def test_any_rows_come_back(tmp_path_factory, videos, script) -> None:
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, restval=script)
    writer.writeheader()
    for name, (rows, length) in videos.items():
        text = ';'.join(f'c{label:03} {start:.2f} {end:.2f}' for label, start, end in rows)
        writer.writerow(dict(id=name, actions=text, length=f'{length:.2f}'))
    path = tmp_path_factory.mktemp('csv') / 'Charades_v1_train.csv'
    path.write_text(out.getvalue(), newline='')
    found = read_videos(path, 4)
    assert not found.problems
    assert [video.name for video in found.videos] == list(videos)
    assert found.num_actions == sum(len(rows) for rows, _ in videos.values())
    kept = sum(len(video.segments) for video in found.videos)
    assert kept + found.empty == found.num_actions
    for video, (rows, length) in zip(found.videos, videos.values(), strict=True):
        assert video.labels == sorted({label for label, _, _ in rows})
        assert all(0 <= start < end <= length for _, start, end in video.segments)
