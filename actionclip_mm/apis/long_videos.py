"""Sliding windows over long videos, cameras and streams, with each frame encoded once."""

import math
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..datasets.transforms import SegmentCentreSample
from ..decoding import UnreadableVideo
from ..decoding.streaming import TimedFrame, frames_at_rate
from ..models.backbones import CLIPImageEncoder
from ..utils.live_sources import is_live
from .matching import Classes, Matcher
from .timeline import Segment, SegmentBuilder, Timeline, Window
from .video_reading import VideoError, VideoReading

FRAMES_AT_ONCE = 32  # encoded together


class SlidingWindows:
    """Scores of windows of T frames, a stride apart.

    The image tower sees each frame once if it does not mix frames (no ``visual_prompt``); other
    models see each window. Scores equal those of the frames of a window given as a video. Memory
    does not depend on the length of the video.

    Args:
        matcher: The model.
        reading: Its test pipeline; what follows decoding is applied to each frame.
        classes: The classes.
        window: T, frames of a window.
        stride: Frames between starts of windows, at most T.
        rate: Frames per second that are sampled.
    """

    def __init__(
        self,
        matcher: Matcher,
        reading: VideoReading,
        classes: Classes,
        window: int,
        stride: int,
        rate: float,
    ) -> None:
        self.matcher, self.reading, self.classes = matcher, reading, classes
        self.window, self.stride, self.rate = window, stride, rate
        backbone = matcher.model.backbone
        self.once = isinstance(backbone, CLIPImageEncoder) and backbone.visual_prompt is None

    def scores(self, frames: Iterable[TimedFrame], name: str) -> Iterator[Window]:
        """Windows of a video in order, as soon as their frames are there.

        A video shorter than a window is one window, sampled as by the test pipeline. Frames left at
        the end make a last window with the ones before them.

        Args:
            frames: Sampled at ``rate``.
            name: Of the video, for messages.

        Raises:
            VideoError: No frames, or a frame that the pipeline cannot use.
        """
        items: deque[Tensor] = deque(maxlen=self.window)  # features or pixels of the last T frames
        waiting: list[tuple[int, Tensor]] = []  # windows by the number of their first frame
        count = 0
        for piece in _pieces(frames, FRAMES_AT_ONCE):
            for item in self._prepare(np.stack([frame.image for frame in piece]), name):
                items.append(item)
                count += 1
                first = count - self.window
                if first >= 0 and first % self.stride == 0:
                    waiting.append((first, torch.stack([*items])))  # [T, V, …]
            yield from self._compare(waiting)  # a live source waits for nothing
            waiting = []
        if not count:
            raise VideoError(f'{name}: it has no frames')
        if count < self.window:
            indices = SegmentCentreSample(self.window).choose(count)
            chosen = torch.stack([items[index] for index in indices])
            yield from self._compare([(0, chosen)], count)
        elif (count - self.window) % self.stride:
            yield from self._compare([(count - self.window, torch.stack([*items]))])

    def _prepare(self, images: np.ndarray, name: str) -> list[Tensor]:
        """Features [V, D] of each frame, or pixels [V, 3, H, W] if the tower needs windows."""
        data = self.reading.prepare(images, name)
        if not self.once:
            return list(data['inputs'].unbind(2))  # of [V, 3, K, H, W]
        return list(self.matcher.frame_features(data).unbind(1))  # of [V, K, D]

    def _compare(
        self, windows: list[tuple[int, Tensor]], frames: int | None = None
    ) -> Iterator[Window]:
        """Scores of windows, each [T, V, …]."""
        if not windows:
            return
        stacked = torch.stack([items for _, items in windows])  # [W, T, V, …]
        if self.once:
            video = self.matcher.join_frames(stacked.transpose(1, 2))  # [W, V, D]
        else:
            video = self.matcher.encode_pixels(stacked.permute(0, 2, 3, 1, 4, 5))  # [W, V, D]
        scores = self.matcher.compare(video, self.classes).cpu().numpy()  # [W, C]
        if self.classes.neutral:
            size = len(self.classes.labels)
            neutral = scores[:, size:].sum(axis=1, keepdims=True)
            scores = np.concatenate([scores[:, :size], neutral], axis=1)  # [W, C + 1]
        for (first, _), row in zip(windows, scores, strict=True):
            end = first + (frames or self.window)
            yield Window(first / self.rate, end / self.rate, row)


def _pieces(frames: Iterable[TimedFrame], size: int) -> Iterator[list[Any]]:
    iterator = iter(frames)
    while piece := list(islice(iterator, size)):
        yield piece


def check_span(window: float, stride: float | None, num_frames: int) -> tuple[int, float]:
    """Frames between starts of windows, and frames per second.

    Args:
        window: Seconds of a window.
        stride: Seconds between starts of windows; None for a quarter of a window.
        num_frames: T, frames of a window.

    Raises:
        ValueError: A window that is not positive; a stride that is not positive or larger.
    """
    if not 0 < window < math.inf:
        raise ValueError(f'window must be a positive number of seconds, got {window}.')
    stride = window / 4 if stride is None else stride
    if not 0 < stride <= window:
        raise ValueError(f'stride must be positive and at most window={window:g}, got {stride}.')
    rate = num_frames / window
    return max(1, round(stride * rate)), rate


def make_timeline(
    windows: SlidingWindows,
    source: str | Iterable[np.ndarray],
    name: str,
    threshold: float = 0.0,
    min_seconds: float = 0.0,
    max_seconds: float | None = None,
    on_segment: Callable[[Segment], None] | None = None,
) -> Timeline:
    """Label a video over time.

    An interrupted run (Ctrl-C) of a live source ends like one that has ended.

    Args:
        windows: The model.
        source: Path of a file, number of a camera, address, or frames uint8 [H, W, 3] at the rate
            of ``windows``.
        name: Of the source.
        threshold: See :class:`SegmentBuilder`.
        min_seconds: The same.
        max_seconds: Where to stop; None for the end.
        on_segment: Called with each segment as soon as it is known.

    Raises:
        VideoError: The source cannot be read.
    """
    classes = windows.classes
    builder = SegmentBuilder(classes.labels, threshold, min_seconds)
    found: list[Window] = []
    segments: list[Segment] = []

    def keep(new: Iterable[Segment]) -> None:
        for segment in new:
            segments.append(segment)
            if on_segment is not None:
                on_segment(segment)

    if isinstance(source, str):
        frames: Iterable[TimedFrame] = frames_at_rate(source, windows.rate, 0.5, max_seconds)
    else:
        frames = (TimedFrame((k + 0.5) / windows.rate, image) for k, image in enumerate(source))
    try:
        for window in windows.scores(frames, name):
            found.append(window)
            keep(builder.add(window))
    except UnreadableVideo as error:
        raise VideoError(str(error)) from error
    except KeyboardInterrupt:
        if not (isinstance(source, str) and is_live(source) and found):
            raise
    keep(builder.finish())
    head = windows.matcher.model.cls_head
    return Timeline(
        name,
        classes.labels,
        tuple(found),
        tuple(segments),
        are_probabilities=head.scores != 'similarity',
        notes=classes.notes,
    )
