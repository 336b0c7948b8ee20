"""A list from outside names no file outside of the data, unless that is allowed."""

import json
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from mmaction.registry import DATASETS

from actionclip_mm.cli import check_videos
from actionclip_mm.utils.annotation_lists import read_lines

KINDS = {
    'RobustVideoDataset': ('video', '{} 0'),
    'RobustRawframeDataset': ('img', '{} 8 0'),
    'VideoSegmentDataset': ('video', '{} 0 0.5 1.0'),
    'ImageTextDataset': ('img', '{{"image": {}, "captions": ["a"]}}'),
}
OUTSIDE = ['../secret.mp4', 'a/../../secret.mp4', '/etc/passwd', '../data_2/x', 'a/../..', '"../x"']


def build(kind: str, folder: Path, **options: object):
    key = KINDS[kind][0]
    prefix = {key: str(folder / 'data')}
    return DATASETS.build(
        dict(type=kind, ann_file=str(folder / 'list'), data_prefix=prefix, pipeline=[], **options)
    )


def write(kind: str, folder: Path, path: str) -> None:
    (folder / 'data').mkdir(exist_ok=True)
    if kind == 'ImageTextDataset':
        path = json.dumps(path.strip('"'))
    (folder / 'list').write_text(KINDS[kind][1].format(path) + '\n', encoding='utf-8')


@pytest.mark.parametrize('kind', KINDS)
@pytest.mark.parametrize('path', OUTSIDE)
def test_paths_outside_are_refused_unless_allowed(kind: str, path: str, tmp_path: Path) -> None:
    write(kind, tmp_path, path)
    with pytest.raises(ValueError, match=r'Line 1 of .*outside of the data_prefix.*allow_outside'):
        build(kind, tmp_path)
    assert len(build(kind, tmp_path, allow_outside=True)) == 1


@pytest.mark.parametrize('kind', KINDS)
def test_links_inside_are_the_users_own(kind: str, tmp_path: Path) -> None:
    write(kind, tmp_path, 'disk_2/a.mp4')
    os.symlink(tmp_path, tmp_path / 'data' / 'disk_2')
    assert len(build(kind, tmp_path)) == 1


def test_check_videos_reads_nothing_outside(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    (tmp_path / 'videos').mkdir()
    (tmp_path / 'secret.mp4').write_bytes(b'x')
    (tmp_path / 'list.txt').write_text('../secret.mp4 0\n')
    call = [str(tmp_path / 'list.txt'), '--workers=1']
    with pytest.raises(SystemExit):
        check_videos.main(call)
    assert 'outside of the data_prefix' in capsys.readouterr().err
    assert check_videos.main([*call, '--allow-outside']) == 1  # it is no video
    assert '--allow-outside' not in capsys.readouterr().err


@pytest.mark.parametrize('number', ['9' * 20, '9' * 5000, '-' + '1' * 30])
def test_numbers_without_end_are_no_labels(number: str, tmp_path: Path) -> None:
    (tmp_path / 'list').write_text(f'a.mp4 {number}\n')
    (line,) = read_lines(str(tmp_path / 'list'))
    assert line.numbers == []
    (tmp_path / 'list').write_text(f'"a.mp4" {number} 1\n')
    (line,) = read_lines(str(tmp_path / 'list'))
    assert line.numbers == [1]


@pytest.mark.parametrize('kind', KINDS)
@settings(
    deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.binary(max_size=60)
    | st.text(max_size=60).map(str.encode)
    | st.lists(st.sampled_from(['a.mp4', '0', '8', '-1', '1e3', '"', '{}', 'nan', '\n'])).map(
        lambda words: ' '.join(words).encode()
    )
)
@example(b'"a"b" 0 0 1')
@example(b'"\\u0000" 1 2 3')
@example(b'[' * 50_000)
@example(b'{"image": 3, "captions": ["a"]}')
@example(b'{"image": "", "captions": ["a"]}')
@example(b'{"image": "a", "captions": [3]}')
@example(b'{"image": 1' + b'0' * 5000 + b', "captions": ["a"]}')
def test_any_list_is_read_or_refused_in_one_sentence(
    kind: str, tmp_path: Path, content: bytes
) -> None:
    (tmp_path / 'data').mkdir(exist_ok=True)
    (tmp_path / 'list').write_bytes(content)
    try:
        data = build(kind, tmp_path, serialize_data=False)  # which collects garbage each time
    except ValueError as error:
        assert '\n' not in str(error) and str(tmp_path / 'list') in str(error)
        return
    for index in range(len(data)):
        info = data.get_data_info(index)
        path = info.get('filename', info.get('frame_dir'))
        assert (tmp_path / 'data') in [
            Path(os.path.abspath(path)),
            *Path(os.path.abspath(path)).parents,
        ]
