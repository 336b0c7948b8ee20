"""Edit the data of a config: number of frames, extracted frames instead of video files.

For configs that inherit others, after their ``_base_``::

    _base_ = 'actionclip_mm::finetune/actionclip_vit-b-16_transf_ucf101_32f.py'
    from actionclip_mm.utils.data_configs import use_rawframes
    use_rawframes(_base_)
"""

from collections.abc import Iterator
from typing import Any

PIPELINES = ('train_pipeline', 'test_pipeline', 'multi_view_pipeline')
LOADERS = ('train_dataloader', 'val_dataloader', 'test_dataloader')
# transforms that open a video, and those that decode its frames
OPEN = ('VideoInit', 'DecordInit', 'PyAVInit', 'OpenCVInit')
DECODE = ('VideoDecode', 'DecordDecode', 'PyAVDecode', 'OpenCVDecode')
RAWFRAMES = dict(
    RobustVideoDataset='RobustRawframeDataset', VideoDataset='RawframeDataset'
)  # data set of videos -> of extracted frames


def set_num_frames(config: Any, num_frames: int) -> None:
    """Sample another number of frames per clip in all pipelines of a config, in place.

    Args:
        config: A config, or ``_base_`` within one.
        num_frames: Frames per clip.

    Raises:
        ValueError: No pipeline samples clips.
    """
    samplers = [step for steps in _pipelines(config) for step in steps if 'clip_len' in step]
    if not samplers:
        raise ValueError('No pipeline of the config has a step with clip_len: set it by hand.')
    for step in samplers:
        step['clip_len'] = num_frames
    config['num_frames'] = num_frames


def use_rawframes(config: Any, filename_tmpl: str = 'img_{:05d}.jpg') -> None:
    """Read extracted frames instead of video files in a config, in place.

    Lists and folders are those that ``actionclip prepare NAME --frames`` writes: ``rawframes``
    where the names for videos have ``videos``.

    Args:
        config: A config, or ``_base_`` within one.
        filename_tmpl: Names of the frames.

    Raises:
        ValueError: A data set that does not read video files, or whose list has no ``videos`` in
            its name.
    """
    for dataset in _datasets(config):
        kind, ann_file = dataset.get('type'), dataset.get('ann_file', '')
        folder, _, name = ann_file.rpartition('/')
        if kind not in RAWFRAMES or 'videos' not in name:
            raise ValueError(
                f"The {kind} of '{ann_file}' has no list of extracted frames: set its type, "
                'ann_file, data_prefix and pipeline by hand.'
            )
        dataset['type'] = RAWFRAMES[kind]
        dataset['ann_file'] = '/'.join([*([folder] if folder else []), _rawframes(name)])
        above, slash, folder = dataset['data_prefix'].pop('video').rpartition('/')
        dataset['data_prefix']['img'] = f'{above}{slash}{_rawframes(folder)}'
        dataset['filename_tmpl'] = filename_tmpl
    for steps in _pipelines(config):
        steps[:] = [
            type(step)(type='RawFrameDecode') if step['type'] in DECODE else step
            for step in steps
            if step['type'] not in OPEN
        ]


def _rawframes(name: str) -> str:
    return name.replace('videos', 'rawframes')


def _datasets(config: Any) -> Iterator[Any]:
    for name in LOADERS:
        if config.get(name):
            yield config[name]['dataset']


def _pipelines(config: Any) -> Iterator[list]:
    for name in PIPELINES:
        if name in config:
            yield config[name]
    for dataset in _datasets(config):
        if 'pipeline' in dataset:
            yield dataset['pipeline']
