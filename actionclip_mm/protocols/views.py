"""Clips and crops of a test: how many a config takes, and the protocol's where it can."""

from typing import Any

from mmengine.config import Config

from ..utils.wrapped_datasets import innermost_config

# Crops per clip.
CROPS = {'CenterCrop': 1, 'CLIPCenterCrop': 1, 'ThreeCrop': 3, 'TenCrop': 10}

# 10 clips x 3 crops of large frames do not fit at once.
MAX_TESTING_VIEWS = 5


def sampling_step(config: Config) -> dict[str, Any]:
    """The step of the test pipeline that chooses frames.

    Raises:
        ValueError: There is none.
    """
    for step in _steps(config):
        if 'clip_len' in step:
            return step
    raise ValueError('The test pipeline of the config has no step with clip_len: add one.')


def count_frames(config: Config) -> int:
    """Frames that a model sees at once in a test."""
    step = sampling_step(config)
    return step['clip_len'] * (step.get('num_clips', 1) if _joins_clips(config) else 1)


def count_views(config: Config) -> tuple[int, int]:
    """Clips and crops per video of the test pipeline."""
    crops = max((CROPS.get(step['type'], 1) for step in _steps(config)), default=1)
    clips = 1 if _joins_clips(config) else sampling_step(config).get('num_clips', 1)
    return clips, crops


def _joins_clips(config: Config) -> bool:
    """Whether all clips are the frames of one, as mmaction2's 2D models sample segments."""
    return any(step.get('input_format') == 'NCHW' for step in _steps(config))


def _steps(config: Config) -> list[dict[str, Any]]:
    return innermost_config(config.test_dataloader.dataset).pipeline


def set_views(config: Config, views: tuple[int, int] | None, protocol: str) -> None:
    """Gives a config the views of a protocol, where it tests others but has a pipeline for them.

    Args:
        config: With ``multi_view_pipeline`` beside its test pipeline, as the shipped ones.
        views: Clips and crops, None for those of the config.
        protocol: Its name, for the message.

    Raises:
        ValueError: The config has other views and no pipeline for these.
    """
    if views in (None, count_views(config)):
        return
    found = count_views(config)
    if 'multi_view_pipeline' in config:
        innermost_config(config.test_dataloader.dataset).pipeline = config.multi_view_pipeline
        config.test_dataloader.batch_size = 1
        config.model.cls_head.average_clips = 'score'  # the paper averages similarities
        config.model.test_cfg = dict(config.model.get('test_cfg') or {})
        config.model.test_cfg.setdefault('max_testing_views', MAX_TESTING_VIEWS)
    if count_views(config) != views:
        assert views is not None
        raise ValueError(
            f'{protocol} tests {views[0]} x {views[1]} views (clips x crops) but the config '
            f'{found[0]} x {found[1]}: give a config (--config) with that test pipeline.'
        )
