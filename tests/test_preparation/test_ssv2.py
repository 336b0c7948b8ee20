"""Prepare Something-Something V2 from small copies of both layouts."""

import json

import pytest
from mmaction.registry import DATASETS

TEMPLATES = ('Holding [something] next to [something]', 'Turning [something] upside down')


def row(video: int, template: str) -> dict:
    label = template.replace('[something]', 'potato')
    return dict(id=str(video), label=label, template=template, placeholders=['potato'])


def label_files() -> dict[str, object]:
    return {
        'labels.json': {text.replace('[', '').replace(']', ''): str(i) for i, text in
                        enumerate(TEMPLATES)},
        'train.json': [row(78687, TEMPLATES[1]), row(42326, TEMPLATES[0])],
        'validation.json': [row(74225, TEMPLATES[1])],
        'test.json': [dict(id='1420'), dict(id='3317')],
    }  # fmt: skip


@pytest.fixture(params=['', 'something-something-v2-'], ids=['newer', 'older'])
def copy(request, tmp_path, write_copy, write_texts):
    """Folder with 20bn-something-something-v2/ and labels/."""
    videos = [f'{number}.webm' for number in (78687, 42326, 74225, 1420, 3317)]
    write_copy(tmp_path / '20bn-something-something-v2', videos)
    texts = {request.param + name: json.dumps(rows) for name, rows in label_files().items()}
    write_texts(tmp_path / 'labels', texts)
    return tmp_path


@pytest.fixture
def prepare(resize, copy, prepare_with):
    sizes = dict(ssv2_train_list=2, ssv2_val_list=1, ssv2_test_list=2)
    dataset = resize('ssv2', 2, sizes)
    videos = copy / '20bn-something-something-v2'
    return prepare_with(dataset, videos=videos, annotations=copy / 'labels', out=copy / 'out')


def test_writes_lists_with_and_without_labels(copy, prepare) -> None:
    assert prepare() == 0
    out = copy / 'out'
    assert (out / 'labels.txt').read_text().splitlines() == [
        'Holding something next to something',
        'Turning something upside down',
    ]
    assert (out / 'ssv2_train_list_videos.txt').read_text() == '78687.webm 1\n42326.webm 0\n'
    assert (out / 'ssv2_test_list_videos.txt').read_text() == '1420.webm\n3317.webm\n'
    for part in ('train', 'val', 'test'):
        dataset = DATASETS.build(
            dict(
                type='RobustVideoDataset',
                ann_file=str(out / f'ssv2_{part}_list_videos.txt'),
                data_prefix=dict(video=str(out / 'videos')),
                pipeline=[],
            )
        )
        assert (dataset.load_data_list()[0]['label'] == -1) == (part == 'test')


def test_raw_frames_of_numbered_folders(copy, prepare, write_texts) -> None:
    for video in (78687, 42326, 74225, 1420, 3317):
        names = [f'img_{i:05d}.jpg' for i in (1, 2, 3)]
        write_texts(copy / 'frames' / str(video), dict.fromkeys(names, ''))
    assert prepare(frames=copy / 'frames') == 0
    for part, labels in (('val', [1]), ('test', [-1, -1])):
        dataset = DATASETS.build(
            dict(
                type='RobustRawframeDataset',
                ann_file=str(copy / 'out' / f'ssv2_{part}_list_rawframes.txt'),
                data_prefix=dict(img=str(copy / 'out' / 'rawframes')),
                pipeline=[],
            )
        )
        data = dataset.load_data_list()
        assert [entry['label'] for entry in data] == labels
        assert {entry['total_frames'] for entry in data} == {3}


def test_test_list_is_optional_and_others_are_not(copy, prepare, capsys, read_report) -> None:
    for name in ('test', 'train'):
        (path,) = (copy / 'labels').glob(f'*{name}.json')
        path.rename(copy / name)
        assert prepare() == (0 if name == 'test' else 2)
        assert len(read_report(copy / 'out')['lists']) == 2
    assert 'train.json' in capsys.readouterr().err


def test_unusable_rows_are_listed(copy, prepare, read_report) -> None:
    (path,) = (copy / 'labels').glob('*train.json')
    rows = json.loads(path.read_text())
    rows += [row(5, 'Eating [something]'), dict(label='no id'), rows[0]]
    path.write_text(json.dumps(rows))
    assert prepare() == 1
    first, second, third = read_report(copy / 'out')['problems']
    assert 'its template is not in the label file' in first
    assert 'not an object with a numeric id' in second
    assert 'repeated' in third


@pytest.mark.parametrize(
    ('content', 'words'),
    [
        ('{"a": "0", "b": "2"}', 'once each'),
        ('["a", "b"]', 'one JSON object'),
        ('{"a": "0",', 'is not valid JSON'),
    ],
)
def test_unusable_label_files(copy, prepare, capsys, content, words) -> None:
    (path,) = (copy / 'labels').glob('*labels.json')
    path.write_text(content)
    assert prepare() == 2
    assert words in capsys.readouterr().err


def test_parts_of_the_archive_are_recognised(copy, prepare, capsys) -> None:
    (copy / 'parts').mkdir()
    (copy / 'parts' / '20bn-something-something-v2-00').write_bytes(b'x')
    assert prepare(videos=copy / 'parts') == 2
    assert 'unpack 20bn-something-something-v2-00 first' in capsys.readouterr().err
