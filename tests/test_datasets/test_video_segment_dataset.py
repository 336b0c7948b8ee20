"""Lists of segments: valid and invalid lines, and broken videos."""

import numpy as np
import pytest
from mmaction.registry import DATASETS

PIPELINE = [
    dict(type='VideoInit'),
    dict(type='SegmentFrames'),
    dict(type='SegmentCentreSample', clip_len=2),
    dict(type='VideoDecode'),
    dict(type='FormatShape', input_format='NCTHW'),
    dict(type='PackActionInputs'),
]


@pytest.fixture
def build(tmp_path):
    """Function that makes a data set of lines in a folder of videos."""

    def make(*lines, pipeline=(), **kwargs):
        path = tmp_path / f'list{len(list(tmp_path.iterdir()))}.txt'
        path.write_text('\n'.join(lines))
        return DATASETS.build(
            dict(
                type='VideoSegmentDataset',
                ann_file=str(path),
                data_prefix=dict(video=str(tmp_path)),
                pipeline=list(pipeline),
                **kwargs,
            )
        )

    return make


def test_lines(build, tmp_path):
    data = build('a.mp4 3 11.90 21.2', 'a.mp4 0 0 4', 'b c.mp4 1 0.5 1e1', '"q 1" 2 1 2')
    infos = [data.get_data_info(index) for index in range(len(data))]
    assert [info['label'] for info in infos] == [3, 0, 1, 2]
    assert [info['segment'] for info in infos] == [(11.9, 21.2), (0, 4), (0.5, 10), (1, 2)]
    assert infos[2]['filename'] == str(tmp_path / 'b c.mp4')
    assert infos[3]['filename'] == str(tmp_path / 'q 1')


def test_quotes_hold_numbers_of_the_path(build, tmp_path):
    with pytest.raises(ValueError, match='Line 1 of .*several labels'):
        build('q.mp4 7 2 0 4')
    info = build('"q.mp4 7" 2 0 4').get_data_info(0)
    assert info['filename'] == str(tmp_path / 'q.mp4 7')
    assert (info['label'], info['segment']) == (2, (0, 4))


def test_one_label_as_a_vector(build):
    data = build('a.mp4 3 1 2', multi_class=True, num_classes=5)
    assert data.get_data_info(0)['label'].tolist() == [0, 0, 0, 1, 0]


@pytest.mark.parametrize(
    ('line', 'message'),
    [
        ('a.mp4 3', 'write `path label start end`'),
        ('a.mp4 3 1', 'write `path label start end`'),
        ('a.mp4 run 1 2', 'write `path label start end`'),
        ('3 1 2', 'write `path label start end`'),
        ('a.mp4 3 2 2', 'it must end after its start'),
        ('a.mp4 3 2 1', 'it must end after its start'),
        ('a.mp4 3 -1 1', 'both must be at least 0'),
        ('a.mp4 3 nan 1', 'it must end after its start'),
        ('a.mp4 3 1 inf', 'it must end after its start'),
        ('../a.mp4 3 1 2', 'outside of the data_prefix'),
    ],
)
def test_refuses_bad_lines(build, line, message):
    with pytest.raises(ValueError, match=message) as error:
        build('a.mp4 0 0 1', line)
    assert 'Line 2 of' in str(error.value) and '\n' not in str(error.value)


def test_refuses_labels_out_of_range(build):
    with pytest.raises(ValueError, match='has label 5 but num_classes=5'):
        build('a.mp4 5 1 2', multi_class=True, num_classes=5)


def test_samples_are_the_segments(build, tmp_path, write_video):
    frames = np.arange(12)[:, None, None, None] * np.full((1, 32, 32, 3), 20)
    write_video(tmp_path / 'grey.mp4', frames, fps=4)
    data = build('grey.mp4 0 0 0.5', 'grey.mp4 1 2.5 3.5', pipeline=PIPELINE)
    shades = [data[index]['inputs'].float().mean(dim=(0, 1, 3, 4)) / 20 for index in (0, 1)]
    assert [shade.round().tolist() for shade in shades] == [[0, 1], [10, 11]]
    assert data[1]['data_samples'].gt_label.tolist() == [1]


def test_a_segment_after_the_end_is_tested_as_unreadable(build, tmp_path, write_video):
    write_video(tmp_path / 'a.mp4')  # 1.2 s
    data = build('a.mp4 0 5 6', 'a.mp4 1 0 1', pipeline=PIPELINE, test_mode=True)
    assert 'begins at 5.0 s' in data[0]['data_samples'].undecodable
    assert 'undecodable' not in data[1]['data_samples']
