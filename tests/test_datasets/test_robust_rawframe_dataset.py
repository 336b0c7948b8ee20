"""Folders of frames: lists with spaces, missing and empty folders."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from mmaction.datasets import RawframeDataset
from mmaction.datasets.transforms import Resize
from mmaction.registry import DATASETS

from actionclip_mm.datasets import RobustRawframeDataset, TooManyBadVideos

FRAMES = 6


@pytest.fixture
def folders(tmp_path: Path) -> Path:
    """Folders ``a b``, ``c`` and ``d`` with six frames, and an empty one."""
    for name in ('a b', 'c', 'd'):
        (tmp_path / name).mkdir()
        for number in range(1, FRAMES + 1):
            for kind in ('img', 'flow_x', 'flow_y'):
                picture = np.full((24, 32, 3), 20 * number, np.uint8)
                cv2.imwrite(str(tmp_path / name / f'{kind}_{number:05}.jpg'), picture)
    (tmp_path / 'empty').mkdir()
    return tmp_path


@pytest.fixture
def build(folders: Path) -> Callable[..., RobustRawframeDataset]:
    """Function: the data set of some lines, ``build(*lines, **options)``."""

    def make(*lines: str, frames: int = 3, **kwargs: object) -> RobustRawframeDataset:
        path = folders / 'list.txt'
        path.write_text('\n'.join(lines))
        pipeline = [
            dict(type='UniformSample', clip_len=frames, test_mode=True),
            dict(type='RawFrameDecode'),
            dict(type='FormatShape', input_format='NCTHW'),
            dict(type='PackActionInputs'),
        ]
        options = dict(pipeline=pipeline, data_prefix=dict(img=str(folders)), serialize_data=False)
        options |= kwargs
        return DATASETS.build(dict(type='RobustRawframeDataset', ann_file=str(path), **options))

    return make


def test_lines_are_read_as_the_host_reads_them(build: Callable, folders: Path) -> None:
    for lines, options in (
        (('c 6 1', 'd 6 0'), {}),
        (('c 6', 'd 6'), {}),
        (('c 2 4 1', 'd 0 6 0'), dict(with_offset=True)),
        (('c 6 1 3', 'd 6 0'), dict(multi_class=True, num_classes=4)),
    ):
        ours = build(*lines, **options)
        hosts = RawframeDataset(ours.ann_file, [], dict(img=str(folders)), **options)
        for index in (0, 1):
            expected, found = hosts.get_data_info(index), ours.get_data_info(index)
            assert np.array_equal(expected.pop('label'), found.pop('label'))
            assert found == expected


def test_spaces_quotes_and_missing_labels(build: Callable, folders: Path) -> None:
    infos = build('a b 6 1', '"c 6" 5 0', 'd 6 -1').load_data_list()
    assert [info['frame_dir'] for info in infos] == [f'{folders}/{n}' for n in ('a b', 'c 6', 'd')]
    assert [(info['total_frames'], info['label']) for info in infos] == [(6, 1), (5, 0), (6, -1)]
    several = build('a b 6', 'c 6 1 3', multi_class=True, num_classes=4)
    assert [several.get_cat_ids(index) for index in (0, 1)] == [[], [1, 3]]
    assert several.get_data_info(0)['label'].sum() == 0  # the host would mark the last class


@pytest.mark.parametrize(
    ('lines', 'options', 'message'),
    [
        (('c 6 0', 'd'), {}, r'Line 2 .*numbers \[\] .*folder, total_frames, then labels'),
        (('c -6 0',), {}, 'Line 1 .*numbers'),
        (('c 6 0', 'd 5'), dict(with_offset=True), 'Line 2 .*offset and total_frames'),
        (('c 6 0', 'd 5'), {}, 'Line 2 .*no label'),
        (('../c 6 0',), {}, 'outside of the data_prefix'),
    ],
)
def test_refuses(build: Callable, lines: tuple, options: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        build(*lines, **options)


@pytest.mark.parametrize('bad', ['empty 6 1', 'missing 6 1', 'c 60 1', 'c 0 1'])
def test_replaced_in_training_and_black_in_testing(
    build: Callable, folders: Path, bad: str
) -> None:
    lines = ['a b 6 0', 'd 6 1', bad]
    data = build(*lines, frames=8)
    assert {data[2]['data_samples'].sample_idx for _ in range(5)} == {1}
    data = build(*lines, frames=8, test_mode=True)
    sample = data[2]
    assert sample['inputs'].shape[:3] == (1, 3, 8)
    assert sample['inputs'].max() == 0
    assert sample['data_samples'].filename == str(folders / bad.split()[0])
    assert sample['data_samples'].undecodable
    assert 'undecodable' not in data[0]['data_samples']


def test_black_frames_with_offsets_and_of_flow(build: Callable, folders: Path) -> None:
    options = dict(test_mode=True)
    data = build('missing 300 6 0', with_offset=True, **options)
    assert data[0]['inputs'].shape == (1, 3, 3, 256, 340)
    options.update(filename_tmpl='flow_{}_{:05}.jpg', modality='Flow')
    data = build('missing 6 0', 'c 6 0', **options)
    data.pipeline.transforms.insert(-2, Resize(scale=(8, 8), keep_ratio=False))
    data.pipeline.transforms[-2].input_format = 'NCHW_Flow'
    black, good = data[0], data[1]
    assert black['inputs'].shape == good['inputs'].shape
    assert black['inputs'].max() == 0 < good['inputs'].max()
    assert black['data_samples'].undecodable


def test_too_many_bad_folders_stop(build: Callable) -> None:
    data = build('a b 6 0', 'missing 6 0', 'gone 6 0')
    with pytest.raises(TooManyBadVideos, match='2 of 3 videos(.|\\n)*missing\\n.*gone'):
        for _ in range(50):
            data[1], data[2]
