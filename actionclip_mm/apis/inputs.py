"""Kinds of input: files, folders, patterns, arrays, images and iterators of frames."""

import glob
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from PIL import Image

from ..decoding import UnreadableVideo
from .folders import expand_folders

MOST_FRAMES = 1024  # kept of an iterator of frames; beyond that every second one is dropped

_ADDRESS = re.compile(r'[A-Za-z][A-Za-z0-9+.-]+://')
_ALLOWED = (
    'a path, a folder, a glob pattern, an array or tensor uint8 [T, H, W, 3], a list of images, an '
    'iterator of frames, or a list of these'
)


@dataclass(frozen=True)
class Source:
    """One video: a path, or frames in memory.

    Attributes:
        name: Its path, or ``video 0``, … for frames in memory.
        frames: RGB, uint8 [T, H, W, 3]; None for a path.
        segment: Start and end in seconds, for pipelines with ``SegmentFrames``; None for all.
    """

    name: str
    frames: np.ndarray | None = None
    segment: tuple[float, float] | None = None


def read_inputs(inputs: Any) -> tuple[list[Source], bool]:
    """The videos that a user means, and whether it is a single one.

    Args:
        inputs: A path of a video file or of a folder of frames, an array or tensor [T, H, W, 3], a
            list of images (PIL or [H, W, 3]) or an iterator of them is one video. A folder of
            videos, a glob pattern, an array [N, T, H, W, 3] and a list of videos are several.

    Raises:
        FileNotFoundError: A pattern without a match.
        TypeError: Another kind of object.
        ValueError: An empty list, or frames of another shape or dtype.
    """
    if isinstance(inputs, (str, os.PathLike)):
        found = _paths(os.fspath(inputs))
        return found, len(found) == 1 and found[0].name == os.fspath(inputs)
    if _is_array(inputs) and inputs.ndim == 5:
        return [_frames(video, index) for index, video in enumerate(inputs)], False
    if _is_array(inputs):
        return [_frames(inputs)], True
    if isinstance(inputs, Sequence):
        if not inputs:
            raise ValueError(f'inputs must not be an empty list: give {_ALLOWED}.')
        if all(map(_is_image, inputs)):
            return [_collect(inputs)], True
        return _several(inputs), False
    if isinstance(inputs, Iterable):
        return [_collect(inputs)], True
    raise TypeError(f'inputs must be {_ALLOWED}, got {type(inputs).__name__}.')


def refuse_stream(path: str) -> None:
    """Raise UnreadableVideo for cameras and URLs, which are not files."""
    if os.path.exists(path):
        return
    if path.isascii() and path.isdecimal():
        raise UnreadableVideo(
            f'{path}: no such file, and cameras are not supported: record a file first '
            f'(ffmpeg -f v4l2 -i /dev/video{int(path)} -t 10 clip.mp4)'
        )
    if _ADDRESS.match(path):
        raise UnreadableVideo(f'{path}: URLs are not supported: download the video first')


def _several(inputs: Sequence) -> list[Source]:
    sources: list[Source] = []
    for item in inputs:
        if isinstance(item, int):
            raise TypeError(f'inputs must be {_ALLOWED}; cameras ({item}) are not supported.')
        found, _ = read_inputs(item)
        sources += [
            Source(f'video {len(sources) + index}', source.frames)
            if source.frames is not None else source
            for index, source in enumerate(found)
        ]  # fmt: skip
    return sources


def _paths(path: str) -> list[Source]:
    if not os.path.exists(path) and glob.has_magic(path) and not _ADDRESS.match(path):
        found = sorted(glob.glob(path, recursive=True))
        if not found:
            raise FileNotFoundError(f"No file matches '{path}': correct the pattern.")
        return [Source(name) for name in expand_folders(found)]
    return [Source(name) for name in expand_folders([path])]


def _is_array(value: Any) -> bool:
    return isinstance(value, (np.ndarray, torch.Tensor))


def _is_image(value: Any) -> bool:
    return isinstance(value, Image.Image) or (_is_array(value) and value.ndim == 3)


def _frames(video: Any, index: int = 0) -> Source:
    array = video.detach().cpu().numpy() if isinstance(video, torch.Tensor) else np.asarray(video)
    if array.ndim != 4 or array.shape[-1] != 3 or array.dtype != np.uint8 or 0 in array.shape:
        raise ValueError(
            f'A video in memory must be uint8 [T, H, W, 3] (RGB), got {array.dtype} '
            f'{list(array.shape)}: convert it first.'
        )
    return Source(f'video {index}', array)


def _collect(frames: Iterable[Any]) -> Source:
    """Frames of an iterator; a long one is thinned out evenly, so that memory stays bounded."""
    kept: list[np.ndarray] = []
    step = 1
    for number, frame in enumerate(_arrays(frames)):
        if number % step:
            continue
        if len(kept) == MOST_FRAMES:
            kept, step = kept[::2], 2 * step
            if number % step:
                continue
        kept.append(frame)
    if not kept:
        raise ValueError('The iterator gave no frames: give at least one.')
    if len({frame.shape for frame in kept}) > 1:
        sizes = sorted({f'{frame.shape[1]} x {frame.shape[0]}' for frame in kept})
        raise ValueError(f'The frames of a video must have one size, got {", ".join(sizes[:5])}.')
    return _frames(np.stack(kept))


def _arrays(frames: Iterable[Any]) -> Iterator[np.ndarray]:
    for frame in frames:
        if isinstance(frame, Image.Image):
            yield np.asarray(frame.convert('RGB'))
        elif _is_image(frame):
            yield frame.detach().cpu().numpy() if isinstance(frame, torch.Tensor) else frame
        else:
            raise TypeError(
                'The frames of an iterator must be PIL images or arrays [H, W, 3], got '
                f'{type(frame).__name__}.'
            )
