"""From a video file to the input of a model, through mmaction2's transforms."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch  # noqa: F401  decord crashes if it is loaded before torch
from mmaction.registry import TRANSFORMS
from mmengine.config import Config
from torch import nn

from ..clip import CLIPPreprocess
from ..converters.description import test_pipeline_of
from ..datasets.transforms import resize_and_crop
from ..decoding import UnreadableVideo, Video, check_header
from ..decoding.errors import reason
from .folders import frames_of, holds_videos, load_frames
from .inputs import Source, refuse_stream


class VideoError(ValueError):
    """A video that cannot be read; the message is one line with its path and the problem."""


@dataclass(frozen=True)
class Clip:
    """A video as the input of a model.

    Attributes:
        source: Where it comes from.
        data: ``inputs`` (uint8 [V, 3, T, H, W] with the default pipeline) and ``data_samples``.
        frames: Numbers of the sampled frames from 0, view by view.
        fps: Frames per second; None if unknown.
        decoder: Name of the decoder that read it; None for frames in memory and of folders.
        missing: Sampled frames that could not be decoded; the ones before them stand in.
        images: Returns the frames of the first view, uint8 [T, H, W, 3], reading them again.
    """

    source: Source
    data: dict
    frames: tuple[int, ...]
    fps: float | None
    decoder: str | None
    missing: int
    images: Callable[[], np.ndarray]


class VideoReading:
    """A test pipeline, applied to one video at a time.

    A pipeline for extracted frames (``RawFrameDecode``) reads video files as well.

    Args:
        pipeline: Configs of mmaction2's transforms; the first one opens a video file.

    Raises:
        ValueError: The pipeline opens no video file.
    """

    def __init__(self, pipeline: Sequence[dict]) -> None:
        from ..compat import at_predict  # noqa: F401  applies what reading needs

        self.pipeline = list(pipeline)
        pipeline = _of_files(pipeline)
        self.transforms = [TRANSFORMS.build(cfg) for cfg in pipeline]
        opener = type(self.transforms[0]).__name__ if self.transforms else 'nothing'
        if not opener.endswith('Init'):
            raise ValueError(
                f'The test pipeline must begin with VideoInit, DecordInit, PyAVInit or OpenCVInit '
                f'(as in configs of video data sets), got {opener}.'
            )

    def __call__(self, source: Source | str) -> Clip:
        """Read a video.

        Args:
            source: A video, or the path of a video file or a folder of frames.

        Raises:
            VideoError: It cannot be read.
        """
        source = Source(source) if isinstance(source, str) else source
        try:
            frames = self._frames(source)
        except UnreadableVideo as error:
            raise VideoError(str(error)) from error
        results: dict[str, Any] = dict(
            filename=source.name, label=-1, start_index=0, modality='RGB'
        )
        if source.segment is not None:
            results['segment'] = source.segment
        reader = None
        for transform in self.transforms:
            packed = self._apply(transform, results, source.name, frames)
            if packed.get('total_frames') == 0:
                raise VideoError(f'{source.name}: it has no frames')
            reader = packed.get('video_reader') or reader
            if 'inputs' in packed:
                break
            results = packed
        sampled = np.asarray(results.get('frame_inds', ())).flatten().tolist()
        ours = reader if isinstance(reader, Video) else None
        return Clip(
            source,
            packed,
            frames=tuple(sampled),
            fps=results.get('avg_fps'),
            decoder=ours.decoder if ours else None,
            missing=ours.missing if ours else 0,
            images=partial(_images, self, source),
        )

    @property
    def clip_frames(self) -> int:
        """T, the frames that the sampler of the pipeline takes for a clip."""
        for cfg in self.pipeline:
            if 'clip_len' in cfg:
                return cfg['clip_len'] if cfg['clip_len'] > 1 else cfg.get('num_clips', 1)
        return 1

    def prepare(self, frames: np.ndarray, name: str) -> dict:
        """Apply what follows decoding to all of the given frames.

        Args:
            frames: RGB, uint8 [T, H, W, 3].
            name: Of the video, for messages.

        Returns:
            ``inputs``, uint8 [V, 3, T, H, W] with V crops, and ``data_samples``.

        Raises:
            VideoError: A transform fails.
            ValueError: The pipeline gives frames of another layout.
        """
        count = len(frames)
        results: dict[str, Any] = dict(
            filename=name, label=-1, start_index=0, modality='RGB', total_frames=count,
            frame_inds=np.arange(count), clip_len=count, num_clips=1, frame_interval=1,
        )  # fmt: skip
        names = [type(transform).__name__ for transform in self.transforms]
        decode = max(index for index, step in enumerate(names) if 'Decode' in step)
        results = load_frames(results, frames)
        for transform in self.transforms[decode + 1 :]:
            results = self._apply(transform, results, name, None)
            if 'inputs' in results:
                break
        if results['inputs'].dim() != 5:
            raise ValueError(
                'Long videos need a pipeline with FormatShape(input_format="NCTHW"), got frames of '
                f'shape {list(results["inputs"].shape)}.'
            )
        return results

    def _frames(self, source: Source) -> 'np.ndarray | list[str] | None':
        """Frames in memory, files of a folder of frames, or None for a video file."""
        if source.frames is not None:
            return source.frames
        refuse_stream(source.name)
        files = frames_of(source.name)
        if files is None and os.path.isdir(source.name) and not holds_videos(source.name):
            raise UnreadableVideo(f'{source.name}: it holds no videos and no frames')
        if files is None:
            check_header(source.name)  # the host's transforms say less, and decord prints
        return files

    def _apply(
        self, transform: Any, results: dict, name: str, frames: 'np.ndarray | list[str] | None'
    ) -> dict:
        step = type(transform).__name__
        try:
            if frames is not None and step.endswith('Init'):
                return {**results, 'total_frames': len(frames)}
            if frames is not None and 'Decode' in step:
                return load_frames(results, frames)
            # transforms change what they are given, and the numbers of the frames are read later
            packed = transform(results)
        except UnreadableVideo as error:
            raise VideoError(str(error)) from error
        except Exception as error:  # decoders raise kinds of their own
            raise VideoError(f'{name}: {_failure(step)} ({reason(error)})') from error
        if packed is None:
            raise VideoError(f'{name}: {step} returned nothing for it')
        return packed


def _images(read: VideoReading, source: Source) -> np.ndarray:
    inputs = read(source).data['inputs']  # [V, 3, T, H, W] or, of 2D pipelines, [V·T, 3, H, W]
    if inputs.dim() == 5:
        return inputs[0].permute(1, 2, 3, 0).contiguous().numpy()  # [T, H, W, 3]
    return inputs.permute(0, 2, 3, 1).contiguous().numpy()  # [V·T, H, W, 3]


def _of_files(pipeline: Sequence[dict]) -> Sequence[dict]:
    """A pipeline of extracted frames as one of video files; any other as it is."""
    types = [cfg.get('type') for cfg in pipeline]
    if 'RawFrameDecode' not in types:
        return pipeline
    decode = types.index('RawFrameDecode')
    after = pipeline[decode + 1 :]
    return [dict(type='VideoInit'), *pipeline[:decode], dict(type='VideoDecode'), *after]


def default_pipeline(
    size: tuple[int, int],
    num_frames: int = 8,
    num_clips: int = 1,
    interpolation: str = 'bicubic',
    resize_mode: str = 'shortest',
) -> list[dict]:
    """The released test pipeline: centres of T segments, antialiased resize, one centre crop.

    Args:
        size: Height and width that the image tower takes.
        num_frames: T, frames per clip. Defaults to 8.
        num_clips: V, clips per video. Defaults to 1.
        interpolation: That of the tower's own preprocessing. Defaults to ``'bicubic'``.
        resize_mode: That of the tower's own preprocessing. Defaults to ``'shortest'``.

    Raises:
        ValueError: A resize mode or an interpolation without a transform.
    """
    return [
        dict(type='VideoInit'),
        dict(type='SegmentCentreSample', clip_len=num_frames, num_clips=num_clips),
        dict(type='VideoDecode'),
        *resize_and_crop(size, interpolation, resize_mode),
        dict(type='FormatShape', input_format='NCTHW'),
        dict(type='PackActionInputs'),
    ]


def _failure(transform: str) -> str:
    """What it means when a transform fails: the host calls them ``…Init`` and ``…Decode``."""
    if transform.endswith('Init'):
        return 'it cannot be opened'
    return 'its frames cannot be decoded' if 'Decode' in transform else f'{transform} failed'


def preprocess_of(model: nn.Module) -> CLIPPreprocess:
    """The preprocessing of a model's image tower.

    Raises:
        ValueError: A backbone that does not tell it.
    """
    preprocess = getattr(model.backbone, 'preprocess', None)
    if preprocess is None:
        raise ValueError(
            f'{type(model.backbone).__name__} does not tell the size of its frames: add a '
            'test_dataloader to the config.'
        )
    return preprocess


def pipeline_of(preprocess: CLIPPreprocess, num_frames: int = 8, num_clips: int = 1) -> list[dict]:
    """The default pipeline with the resizing that an image tower was trained on."""
    return default_pipeline(
        preprocess.size, num_frames, num_clips, preprocess.interpolation, preprocess.resize_mode
    )


def pipeline_of_config(config: Config, model: nn.Module) -> list[dict]:
    """The test pipeline of a config, or the default one."""
    return test_pipeline_of(config) or pipeline_of(preprocess_of(model))
