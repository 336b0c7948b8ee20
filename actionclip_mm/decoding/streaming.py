"""Frames of a file, a camera or a network stream at a constant rate, each decoded once."""

import os
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import av
import numpy as np

from ..utils.live_sources import ADDRESS, camera_of
from .containers import check_size, max_coded_pixels
from .errors import UnreadableVideo, reason
from .video_index import check_header, open_container, video_stream

OPEN_SECONDS, READ_SECONDS = 10.0, 10.0  # of silence of a camera or stream before it is given up
TOLERANCE = 1e-6  # seconds, of sums of frame times
DEFAULT_RATE = 25.0  # of streams that tell none


@dataclass(frozen=True)
class TimedFrame:
    """A frame and when it was sampled.

    Attributes:
        seconds: Sampling time from the start of the video.
        image: RGB, uint8 [H, W, 3], rotated as by a player.
    """

    seconds: float
    image: np.ndarray


def frames_at_rate(
    source: str, rate: float, offset: float = 0.5, max_seconds: float | None = None
) -> Iterator[TimedFrame]:
    """Sample a video at times ``(k + offset) / rate``: the frame shown at each.

    Memory holds one frame. Frames that cannot be decoded are skipped: the one before is shown.

    Args:
        source: Path of a file, number or device of a camera, or an address.
        rate: Frames per second, positive.
        offset: Of the first sample, in units of the distance between samples. Defaults to 0.5, the
            centres.
        max_seconds: Where to stop; None for the end.

    Raises:
        UnreadableVideo: The source cannot be opened, or has no frame.
    """
    taken = 0
    end = 0.0
    shown: Any = None
    with _opened(source) as frames:
        for seconds, frame in frames:
            while shown is not None and (taken + offset) / rate < seconds - TOLERANCE:
                due = (taken + offset) / rate
                if max_seconds is not None and due >= max_seconds:
                    return
                yield TimedFrame(due, shown.image())
                taken += 1
            shown, end = frame, seconds + frame.duration
        if shown is None:
            raise UnreadableVideo(f'{source}: its frames cannot be decoded')
        while (due := (taken + offset) / rate) < end - TOLERANCE or not taken:
            if max_seconds is not None and due >= max_seconds and taken:
                return
            yield TimedFrame(due, shown.image())
            taken += 1


class _Frame:
    """A decoded frame, converted at most once."""

    def __init__(self, frame: av.VideoFrame, size: tuple[int, int], duration: float) -> None:
        self.frame, self.size, self.duration = frame, size, duration
        self._image: np.ndarray | None = None

    def image(self) -> np.ndarray:
        if self._image is None:
            height, width = self.size  # some streams change their frame size
            picture = self.frame.to_ndarray(format='rgb24', width=width, height=height)
            quarters = round(self.frame.rotation / 90)  # counter-clockwise
            self._image = np.ascontiguousarray(np.rot90(picture, quarters))
        return self._image


@contextmanager
def _opened(source: str) -> Iterator[Iterator[tuple[float, _Frame]]]:
    try:
        container = _open(source)
    except (OSError, ValueError) as error:
        if isinstance(error, UnreadableVideo):
            raise
        raise UnreadableVideo(f'{source}: it cannot be opened ({reason(error)})') from error
    frames = _decode(container, source)
    try:
        yield frames
    finally:
        frames.close()
        container.close()


def _open(source: str) -> Any:
    if os.path.exists(source) and not source.startswith('/dev/'):
        check_header(source)
        return open_container(source)
    camera = camera_of(source)
    if camera is not None:
        return av.open(camera, format='v4l2', timeout=(OPEN_SECONDS, READ_SECONDS))
    if ADDRESS.match(source):
        return av.open(source, timeout=(OPEN_SECONDS, READ_SECONDS))
    check_header(source)  # says that there is no such file
    return open_container(source)


def _decode(container: Any, source: str) -> Generator[tuple[float, _Frame], None, None]:
    """Seconds from the first frame, and the frame, in presentation order."""
    stream: Any = video_stream(container)
    if stream is None:
        raise UnreadableVideo(f'{source}: it has no video stream')
    context = stream.codec_context
    check_size(source, context.width, context.height)
    context.options = dict(max_pixels=max_coded_pixels((context.height, context.width)))
    step = 1 / float(stream.average_rate or stream.guessed_rate or DEFAULT_RATE)
    size: tuple[int, int] | None = None
    first: float | None = None
    last = -step
    for frame in _frames(container, stream):
        size = size or (frame.height, frame.width)
        time = frame.time if frame.time is not None else last + step + (first or 0.0)
        first = time if first is None else first
        seconds = time - first
        if seconds <= last:  # a stream that starts again
            first -= last + step - seconds
            seconds = last + step
        last = seconds
        yield seconds, _Frame(frame, size, step)


def _frames(container: Any, stream: Any) -> Iterator[av.VideoFrame]:
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets)
        except StopIteration:
            return
        except av.error.FFmpegError:  # truncated file, or a camera that was unplugged
            packet = None
        try:
            frames = stream.decode(packet)
        except av.error.FFmpegError:  # damaged: others may follow
            frames = []
        yield from frames
        if packet is None:
            return
