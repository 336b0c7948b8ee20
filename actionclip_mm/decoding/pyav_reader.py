"""Read frames with PyAV (FFmpeg), identified by their presentation times."""

import functools
from collections.abc import Generator, Iterator, Sequence
from contextlib import suppress
from typing import Any

import av
import numpy as np
from av.video.reformatter import VideoReformatter

from .frame_readers import FrameReader
from .needed_frames import Unusual, open_stream, read_needed
from .video_index import VideoIndex


class TimesDisagree(RuntimeError):
    """A decoded frame has a time without a packet."""


class PyAVReader(FrameReader):
    """PyAV: every format of FFmpeg, each frame checked by its time."""

    package, distribution = 'av', 'av'

    def read(self, frame_inds: Sequence[int]) -> list[np.ndarray]:
        self._reformatter = VideoReformatter()  # keeps its tables from frame to frame
        if self.index.timed:
            if self.only_needed:
                with suppress(Unusual, av.error.FFmpegError):
                    return read_needed(self.index, frame_inds, self._picture, **self._options)
            try:
                return self._read_by_time(frame_inds)
            except TimesDisagree:
                self.missing.clear()
        return self._read_by_count(frame_inds)

    def walk(self) -> Iterator[av.VideoFrame]:
        """All frames of the index in order, as decoded; one that cannot be decoded repeats."""
        with _Walk(self.index, self._options) as walk:
            if self.index.timed:
                walk.known = set(self.index.times.tolist())
            frame: Any = None
            for number, time in enumerate(self.index.times.tolist()):
                if self.index.timed:
                    frame = walk.at(time)
                    missing = frame is None or frame.pts != time
                else:
                    following = next(walk.frames, None)
                    frame, missing = following or frame, following is None
                if frame is None:
                    raise RuntimeError('it decodes no frame')
                if missing:
                    self.missing.append(number)
                yield progressive(frame)

    @property
    def _options(self) -> dict[str, Any]:
        return dict(num_threads=self.num_threads, skip_loop_filter=self.fast)

    def _read_by_time(self, frame_inds: Sequence[int]) -> list[np.ndarray]:
        with _Walk(self.index, self._options) as walk:
            walk.known = set(self.index.times.tolist())
            frames = []
            for wanted in frame_inds:
                time = int(self.index.times[wanted])
                key = int(np.searchsorted(self.index.key_times, time, side='right')) - 1
                if key > 0:  # the first one needs no seeking
                    walk.skip_to(int(self.index.key_times[key]))
                frames.append(self._picture(walk.at(time)))
                if walk.shown.pts != time:
                    self.missing.append(wanted)
        return frames

    def _read_by_count(self, frame_inds: Sequence[int]) -> list[np.ndarray]:
        with _Walk(self.index, self._options) as walk:
            frames = []
            position, shown = -1, None
            for wanted in frame_inds:
                while position < wanted and (frame := next(walk.frames, None)) is not None:
                    position, shown = position + 1, frame
                if position < wanted:
                    self.missing.append(wanted)
                frames.append(self._picture(shown))
        return frames

    def _picture(self, frame: av.VideoFrame | None) -> np.ndarray:
        if frame is None:
            raise RuntimeError('it decodes no frame')
        height, width = self.index.size  # some streams change their frame size
        quarters = round(frame.rotation / 90)  # counter-clockwise
        rgb = self._reformatter.reformat(
            progressive(frame), width or None, height or None, 'rgb24', **_one_thread()
        )
        picture = rgb.to_ndarray()
        return np.ascontiguousarray(np.rot90(picture, quarters)) if quarters else picture


def progressive(frame: av.VideoFrame) -> av.VideoFrame:
    """The frame, not marked as interlaced: FFmpeg 8 would convert each field by itself.

    Decord converts frames, so chroma would differ by up to 131 grey levels.
    """
    if not frame.interlaced_frame:
        return frame
    try:
        copy = av.VideoFrame.from_ndarray(frame.to_ndarray(), frame.format.name)
    except (AssertionError, ValueError):  # a pixel format that NumPy cannot hold
        return frame
    copy.colorspace, copy.color_range = frame.colorspace, frame.color_range
    return copy


@functools.cache
def _one_thread() -> dict[str, int]:
    """Argument of PyAV that keeps it from starting a pool of threads to convert a frame."""
    with suppress(TypeError):  # releases without it convert in one thread
        VideoReformatter().reformat(av.VideoFrame(2, 2), format='rgb24', threads=1)
        return dict(threads=1)
    return {}


class _Walk:
    """Iterate forward over the frames of a file; a context manager that closes it.

    Attributes:
        frames: The remaining frames.
        shown: The current frame.
        known: Valid presentation times; None to accept any.
    """

    def __init__(self, index: VideoIndex, options: dict[str, Any]) -> None:
        self.index, self.options = index, options
        self.known: set[int] | None = None
        self._open()

    def __enter__(self) -> '_Walk':
        return self

    def __exit__(self, *_: object) -> None:
        # leave nothing to the garbage collector, which would run again in a forked process
        self.frames.close()
        self.container.close()
        del self.frames, self.shown, self._ahead, self.stream, self.container

    def _open(self) -> None:
        self.container, self.stream = open_stream(self.index, **self.options)
        self._begin(self._decode())

    def _begin(self, frames: Generator[av.VideoFrame, None, None]) -> None:
        self.frames = frames
        self.shown: Any = None  # a frame; its pts is known
        self._ahead: Any = None

    def skip_to(self, key_time: int) -> None:
        """Seek to a key frame unless it was passed; without effect if the seek misses it."""
        if self.shown is not None and self.shown.pts >= key_time:
            return
        self.container.seek(key_time, stream=self.stream)
        self._begin(self._decode(since=key_time))
        self._ahead = next(self.frames, None)
        if self._ahead is None or self._ahead.pts != key_time:  # some containers overshoot
            self.container.close()
            self._open()

    def at(self, time: int) -> av.VideoFrame | None:
        """Frame shown at a time: the last one at or before it."""
        while self.shown is None or self.shown.pts < time:
            frame: Any = self._ahead or next(self.frames, None)
            self._ahead = None
            if frame is None:
                break
            if frame.pts > time and self.shown is not None:
                self._ahead = frame
                break
            self.shown = frame
        return self.shown

    def _decode(self, since: int | None = None) -> Generator[av.VideoFrame, None, None]:
        """Frames in presentation order, without those that cannot be decoded."""
        packets = self.container.demux(self.stream)
        while True:
            try:
                packet = next(packets)
            except StopIteration:
                return
            except av.error.FFmpegError:  # truncated file
                packet = None
            try:
                frames = self.stream.decode(packet)
            except av.error.FFmpegError:  # damaged: others may follow
                frames = []
            for frame in frames:
                if self.known is not None and frame.pts not in self.known:
                    if frame.pts is not None and frame.pts > max(self.known):
                        return  # half a frame at the end of a truncated file
                    raise TimesDisagree(f'a frame has time {frame.pts}, which no packet has')
                if since is None or frame.pts >= since:
                    yield frame
            if packet is None:
                return
