"""From a video file to the input of a model, through mmaction2's transforms."""

import os
import re
from collections.abc import Sequence

import torch  # noqa: F401  decord crashes where it is loaded before torch
from mmaction.registry import TRANSFORMS

from ..datasets.transforms import resize_and_crop
from ..decoding import UnreadableVideo, check_header
from ..decoding.errors import reason
from .folders import frames_of, load_frames

_ADDRESS = re.compile(r'[A-Za-z][A-Za-z0-9+.-]+://')


class VideoError(ValueError):
    """A video that cannot be read; the message is one line with the file and what is wrong."""


class VideoReading:
    """A test pipeline, applied to one file at a time.

    A folder of frames is a video, too. A pipeline of frames (``RawFrameDecode``) reads both.

    Args:
        pipeline: Configs of mmaction2's transforms; the first one opens a video file.

    Raises:
        ValueError: The pipeline opens no video file.
    """

    def __init__(self, pipeline: Sequence[dict]) -> None:
        pipeline = _of_files(pipeline)
        self.transforms = [TRANSFORMS.build(cfg) for cfg in pipeline]
        opener = type(self.transforms[0]).__name__ if self.transforms else 'nothing'
        if not opener.endswith('Init'):
            raise ValueError(
                f'The test pipeline begins with {opener}, which opens no video file: begin it with '
                'VideoInit, DecordInit, PyAVInit or OpenCVInit (as configs of video data sets do).'
            )

    def __call__(self, video: str) -> dict:
        """Reads a video.

        Args:
            video: Path of the file, or of a folder of frames.

        Returns:
            ``inputs`` (uint8 [V, 3, T, H, W] with the default pipeline) and ``data_samples``.

        Raises:
            VideoError: The file cannot be read.
        """
        try:
            _refuse_streams(video)
            frames = frames_of(video)
            if frames is None:
                check_header(video)  # the host's transforms say less, and decord prints
        except UnreadableVideo as error:
            raise VideoError(str(error)) from error
        results = dict(filename=video, label=-1, start_index=0, modality='RGB')
        for transform in self.transforms:
            name = type(transform).__name__
            try:
                if frames is not None and name.endswith('Init'):
                    results['total_frames'] = len(frames)
                elif frames is not None and 'Decode' in name:
                    results = load_frames(results, frames)
                else:
                    results = transform(results)
            except UnreadableVideo as error:
                raise VideoError(str(error)) from error
            except Exception as error:  # decoders raise kinds of their own
                raise VideoError(f'{video}: {_failure(name)} ({reason(error)})') from error
            if results is None:
                raise VideoError(f'{video}: {name} gave nothing for it')
            if results.get('total_frames') == 0:
                raise VideoError(f'{video}: it has no frames')
        return results


def _of_files(pipeline: Sequence[dict]) -> Sequence[dict]:
    """A pipeline of extracted frames as one of video files; any other as it is."""
    types = [cfg.get('type') for cfg in pipeline]
    if 'RawFrameDecode' not in types:
        return pipeline
    decode = types.index('RawFrameDecode')
    after = pipeline[decode + 1 :]
    return [dict(type='VideoInit'), *pipeline[:decode], dict(type='VideoDecode'), *after]


def _refuse_streams(video: str) -> None:
    """Raises UnreadableVideo for cameras and addresses, which are not files."""
    if os.path.exists(video):
        return
    if video.isascii() and video.isdecimal():
        raise UnreadableVideo(
            f'{video}: there is no such file, and cameras are not read: record a file first '
            f'(ffmpeg -f v4l2 -i /dev/video{int(video)} -t 10 clip.mp4)'
        )
    if _ADDRESS.match(video):
        raise UnreadableVideo(f'{video}: addresses are not read: download the video first')


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
