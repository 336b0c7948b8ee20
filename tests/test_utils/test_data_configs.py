"""Edits of the data of a config, where they do not apply."""

import pytest

from actionclip_mm.utils.data_configs import set_num_frames, use_rawframes


def config(**dataset: object) -> dict:
    steps = [
        dict(type='DecordInit'),
        dict(type='UniformSample', clip_len=8),
        dict(type='DecordDecode'),
    ]
    usual = dict(type='VideoDataset', ann_file='my_videos.txt', data_prefix=dict(video='videos'))
    return dict(test_dataloader=dict(dataset=usual | dict(pipeline=steps) | dataset))


def test_configs_of_the_host_without_folders() -> None:
    changed = config()
    use_rawframes(changed, 'frame_{:06d}.png')
    assert changed['test_dataloader']['dataset'] == dict(
        type='RawframeDataset',
        ann_file='my_rawframes.txt',
        data_prefix=dict(img='rawframes'),
        filename_tmpl='frame_{:06d}.png',
        pipeline=[dict(type='UniformSample', clip_len=8), dict(type='RawFrameDecode')],
    )


@pytest.mark.parametrize(
    'dataset', [dict(ann_file='data/mini/train.txt'), dict(type='PoseDataset')]
)
def test_data_sets_without_extracted_frames(dataset: dict) -> None:
    with pytest.raises(ValueError, match='no list of extracted frames: set its type, ann_file'):
        use_rawframes(config(**dataset))


def test_pipelines_without_clips() -> None:
    with pytest.raises(ValueError, match='has a step with clip_len'):
        set_num_frames(config(pipeline=[]), 16)
