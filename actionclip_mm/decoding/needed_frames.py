"""Decode requested frames and what they refer to, and no other frame (PyAV).

Frames are read by the key frame before them: seek there, decode up to the last one requested, empty
the decoder, go on at the next key frame. In H.264, frames that no other frame refers to are skipped
unless requested: that is what ``nal_ref_idc = 0`` says (ITU-T H.264, 7.4.1), so the others keep
their pixels. Other codecs are decoded in full; in HEVC the same mark holds within a temporal layer
only. Anything unusual ends in :class:`Unusual`, and the caller decodes frame by frame.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, cast

import av
import numpy as np

from .containers import max_coded_pixels
from .video_index import VideoIndex, open_container, video_stream

SKIPPABLE = ('h264',)


class Unusual(RuntimeError):
    """A file whose frames must be decoded one after the other."""


def open_stream(
    index: VideoIndex, num_threads: int = 1, skip_loop_filter: bool = False
) -> tuple[av.container.InputContainer, Any]:
    """Open a file and set up the decoder of its video stream.

    Args:
        index: Its frame index.
        num_threads: Threads of the decoder; 0 lets it choose. Defaults to 1.
        skip_loop_filter: Whether to leave blocking artefacts in. Defaults to False.
    """
    container = open_container(index.path)
    stream = cast('Any', video_stream(container))  # its fields are always set
    options = dict(max_pixels=max_coded_pixels(index.size))
    if skip_loop_filter:
        options['skip_loop_filter'] = 'all'
    stream.codec_context.options = options
    stream.codec_context.thread_count = num_threads
    if num_threads != 1:
        stream.thread_type = 'AUTO'
    return container, stream


def read_needed(
    index: VideoIndex,
    frame_inds: Sequence[int],
    picture: Callable[[av.VideoFrame], np.ndarray],
    **options: Any,
) -> list[np.ndarray]:
    """Read frames of a video whose frames are identified by their times.

    Args:
        index: Its frame index.
        frame_inds: Valid frame indices, ascending, without repeats.
        picture: Converts a decoded frame.
        **options: As of :func:`open_stream`.

    Returns:
        What ``picture`` made of each frame.

    Raises:
        Unusual: The file may need more than this.
        av.error.FFmpegError: It is damaged.
    """
    known = set(index.times.tolist())
    found: dict[int, np.ndarray] = {}
    container, stream = open_stream(index, **options)
    try:
        for key_time, times in _groups(index, frame_inds):
            if key_time is not None:
                container.seek(key_time, stream=stream)
            group = _Group(stream, key_time, times)
            for frame in group.decode(container):
                if frame.pts not in known:
                    raise Unusual('a frame has a time that no packet has')
                if frame.pts in group.times:
                    found[frame.pts] = picture(frame)
            if not group.times <= found.keys():
                raise Unusual('a frame cannot be decoded')
    finally:
        # leave nothing to the garbage collector, which would run again in a forked process
        container.close()
    return [found[time] for time in index.times[list(frame_inds)].tolist()]


def _groups(
    index: VideoIndex, frame_inds: Sequence[int]
) -> Iterator[tuple[int | None, frozenset[int]]]:
    """Times of frames by the time of the key frame before them; None for the start of the file."""
    times = index.times[list(frame_inds)]
    keys = np.searchsorted(index.key_times, times, side='right') - 1
    for key in np.unique(keys):
        key_time = int(index.key_times[key]) if key > 0 else None
        yield key_time, frozenset(times[keys == key].tolist())


class _Group:
    """Decode the frames from a key frame to the last requested one.

    Args:
        stream: A video stream.
        key_time: Time of the key frame that was looked for; None at the start of the file.
        times: Times of requested frames.
    """

    def __init__(self, stream: Any, key_time: int | None, times: frozenset[int]) -> None:
        self.stream, self.key_time, self.times = stream, key_time, times
        self.skips = stream.codec_context.name in SKIPPABLE

    def decode(self, container: av.container.InputContainer) -> Iterator[av.VideoFrame]:
        """Decoded frames, requested or not, in presentation order."""
        context, waiting = self.stream.codec_context, len(self.times)
        for packet in self._packets(container):
            requested = packet.pts in self.times
            if self.skips:
                context.skip_frame = 'DEFAULT' if requested else 'NONREF'
            yield from self._checked(self.stream.decode(packet))
            waiting -= requested
            if not waiting:
                break
        yield from self._checked(self.stream.decode(None))  # what it holds back

    def _packets(self, container: av.container.InputContainer) -> Iterator[av.Packet]:
        """Packets from the key frame on: some containers seek too far back."""
        begun = self.key_time is None
        for packet in container.demux(self.stream):
            if not packet.size:
                continue
            begun = begun or (packet.is_keyframe and packet.pts == self.key_time)
            if begun:
                yield packet
            elif packet.is_keyframe and (packet.pts is None or packet.pts > self.key_time):
                raise Unusual('a seek misses a key frame')

    def _checked(self, frames: list[av.VideoFrame]) -> Iterator[av.VideoFrame]:
        for frame in frames:
            if self.key_time is None or (frame.pts is not None and frame.pts >= self.key_time):
                if frame.is_corrupt or frame.interlaced_frame:
                    raise Unusual('a frame is damaged, or half of one may be shown')
                yield frame
