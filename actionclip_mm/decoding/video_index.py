"""Frame index of a video, built from the packets of the file: defines "frame i".

Frame i is the i-th frame in presentation order, whatever decoder reads it. The index is built from
packets without decoding, because headers lie: fragmented MP4, Matroska and truncated files have no
frame count or a wrong one. Not counted: packets marked as hidden (edit lists), frames before the
first key frame, which cannot be decoded, and half a frame at the end of a truncated file.
"""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import av
import numpy as np

from .containers import OPTIONS, check_content, check_size
from .errors import UnreadableVideo

LARGEST = 2**31 - 1  # pixels that FFmpeg decodes at all


@dataclass(frozen=True)
class VideoIndex:
    """Frames of a video in presentation order.

    Attributes:
        path: Absolute path of the file: FFmpeg takes ``concat:x`` and the like for protocols.
        times: Presentation time of each frame, int64 [total_frames], ascending, in stream ticks.
        key_times: Presentation times of key frames, ascending; some may not be counted.
        timed: Whether frames are identified by their times. Files without times or with invented
            ones (AVI that has reordered frames or is damaged) are counted frame by frame.
        seekable_by_count: Whether decord, which finds frames by counting from a key frame, reaches
            the right ones.
        leads: Whether it is the first video stream of the file; a cover may precede it.
        fps: Average frames per second, 0 if unknown.
        header_frames: Number of frames in the header, 0 if unknown.
        size: Height and width as stored, before rotation.
        pixel_format: FFmpeg's name, such as yuv420p; empty if unknown.
    """

    path: str
    times: np.ndarray
    key_times: np.ndarray
    timed: bool
    seekable_by_count: bool
    leads: bool
    fps: float
    header_frames: int
    size: tuple[int, int]
    pixel_format: str

    def __len__(self) -> int:
        return len(self.times)


@dataclass(frozen=True)
class _Packets:
    """Packets of a stream in decoding order, all [packets]."""

    times: np.ndarray  # presentation times
    orders: np.ndarray  # decoding times
    keys: np.ndarray
    hidden: np.ndarray
    damaged: np.ndarray
    cut_off: bool  # whether reading ended with an error
    complete: bool  # whether each has a unique time


def read_index(path: str, max_pixels: int | None = None) -> VideoIndex:
    """Build the frame index of a file.

    Args:
        path: The file, on a local disk.
        max_pixels: Largest frame; None for the environment's budget or 8K.

    Raises:
        UnreadableVideo: Missing file, no video, a playlist, or frames that are too large.
    """
    with _opened(path, max_pixels) as (container, stream):
        packets = _read_packets(container, stream)
        layout, streams = container.format.name, container.streams.video
        alone, leads = len(streams) == 1, stream is streams[0]
        context = stream.codec_context
        reordered = bool(context.has_b_frames)
        size, header_frames = (context.height, context.width), stream.frames
        pixel_format = context.pix_fmt or ''
        fps = float(stream.average_rate or stream.guessed_rate or 0)
    shown = _shown(packets)
    if not shown.any():
        raise UnreadableVideo(f'{path}: it has no frames')
    damaged = packets.cut_off or bool(packets.damaged.any())
    sound = not damaged and header_frames in (0, len(packets.times))
    timed = packets.complete and (layout != 'avi' or (sound and not reordered))
    return VideoIndex(
        path=os.path.abspath(path),
        times=np.sort(packets.times[shown]),
        key_times=np.sort(packets.times[packets.keys]),
        timed=timed,
        seekable_by_count=timed
        and sound
        and alone  # decord does not take the first one in some containers
        and bool(shown.all())
        and _counts_lead_to_frames(packets, layout),
        leads=leads,
        fps=fps,
        header_frames=header_frames,
        size=size,
        pixel_format=pixel_format,
    )


def check_header(path: str) -> None:
    """Open and close a file, for decoders that do not say what is wrong with it.

    Frame size is checked by the transform that opens the file, which may have a budget.

    Raises:
        UnreadableVideo: Missing file, or no video.
    """
    with _opened(path, LARGEST):
        pass


@contextmanager
def _opened(
    path: str, max_pixels: int | None
) -> Iterator[tuple[av.container.InputContainer, av.VideoStream]]:
    """Open a file and its video stream; errors become UnreadableVideo."""
    _check_file(path)
    try:
        check_content(path)
        with open_container(path) as container:
            stream = video_stream(container)
            if stream is None:
                raise UnreadableVideo(f'{path}: it has no video stream (only sound?)')
            check_size(path, stream.codec_context.width, stream.codec_context.height, max_pixels)
            yield container, stream
    except (av.error.FFmpegError, UnicodeDecodeError) as error:
        raise UnreadableVideo(
            f'{path}: it is not a video file, or its header is damaged'
        ) from error
    except OSError as error:
        raise UnreadableVideo(f'{path}: it cannot be opened ({error.strerror})') from error


def open_container(path: str, **options: str) -> av.container.InputContainer:
    """Open a file that holds its own frames, and no file that it names."""
    return av.open(
        os.path.abspath(path),
        metadata_errors='replace',  # titles in any encoding
        options={**OPTIONS, **options},
    )


def video_stream(container: av.container.InputContainer) -> av.VideoStream | None:
    """First video stream of a file that is not a cover picture."""
    for stream in container.streams.video:
        if not stream.disposition & av.stream.Disposition.attached_pic:
            return stream
    return None


def _check_file(path: str) -> None:
    try:
        status = os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        raise UnreadableVideo(f'{path}: there is no such file') from None
    except (OSError, ValueError) as error:  # a name that is too long, or holds a zero byte
        said = getattr(error, 'strerror', None) or error
        raise UnreadableVideo(f'{path}: it cannot be opened ({said})') from error
    if stat.S_ISDIR(status.st_mode):
        raise UnreadableVideo(f'{path}: it is a folder, not a video file')
    if not stat.S_ISREG(status.st_mode):  # reading a pipe waits for a writer
        raise UnreadableVideo(f'{path}: it is a pipe or a device, not a video file')
    if status.st_size == 0:
        raise UnreadableVideo(f'{path}: the file is empty')


def _read_packets(container: av.container.InputContainer, stream: av.VideoStream) -> _Packets:
    rows: list[tuple[int, int, bool, bool, bool]] = []
    cut_off, complete = False, True
    try:
        for packet in container.demux(stream):
            if not packet.size:
                continue
            complete &= packet.pts is not None
            time = 0 if packet.pts is None else packet.pts
            order = time if packet.dts is None else packet.dts
            flags = packet.is_keyframe, packet.is_discard, packet.is_corrupt
            rows.append((time, order, *flags))
    except av.error.FFmpegError:  # truncated file
        cut_off = True
    columns = np.array(rows or np.empty((0, 5)), np.int64).T
    times, orders = columns[:2]
    keys, hidden, damaged = columns[2:].astype(bool)
    if not complete:  # without times there is only the decoding order
        times = np.arange(len(rows))
    complete = complete and len(np.unique(times)) == len(times)
    return _Packets(times, orders, keys, hidden, damaged, cut_off, complete)


def _shown(packets: _Packets) -> np.ndarray:
    """Packets that become frames, bool [packets]."""
    whole = ~packets.hidden
    if len(whole) > 1 and packets.damaged[-1]:
        whole[-1] = False
    if not packets.keys.any():
        return whole  # some formats mark no key frames
    first = int(packets.keys.argmax())
    return whole & (np.arange(len(whole)) >= first) & (packets.times >= packets.times[first])


def _counts_lead_to_frames(packets: _Packets, layout: str) -> bool:
    """Whether decord reaches frame i by seeking to a key frame and counting on (measured).

    It confuses a key frame's position in decoding order with that in presentation order; they
    differ if frames after a key frame are shown before it (open GOPs, common in HEVC). In other
    containers than those named here it also loses frames at the start of reordered streams.
    """
    places = np.argsort(np.argsort(packets.times))
    if not packets.keys.any() or not (places == np.arange(len(places)))[packets.keys].all():
        return False
    if (packets.times == packets.orders).all() or layout.startswith('matroska'):
        return True
    return layout.startswith('mov') and int(packets.times.min()) == 0
