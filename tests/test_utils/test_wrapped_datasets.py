"""The annotated data set is found in a config however it is wrapped."""

from mmengine.config import ConfigDict

from actionclip_mm.utils.wrapped_datasets import innermost_config


def test_the_config_inside_of_wrappers() -> None:
    videos = ConfigDict(type='RobustVideoDataset', ann_file='list.txt')
    twice = ConfigDict(dataset=dict(type='RepeatDataset', times=2, dataset=videos))
    for config in (videos, twice.dataset, twice):
        assert innermost_config(config).ann_file == 'list.txt'
    innermost_config(twice).ann_file = 'other.txt'  # it is that config, no copy
    assert twice.dataset.dataset.ann_file == 'other.txt'
