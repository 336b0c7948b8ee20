"""Probe a video file: decode its first, middle and last frame."""

from collections.abc import Sequence
from dataclasses import dataclass

from . import UnreadableVideo, Video


@dataclass(frozen=True)
class ProbeResult:
    """Result of probing a video file.

    Attributes:
        path: The file.
        frames: Number of frames; 0 if unreadable.
        fps: Average frames per second; 0 if unknown.
        size: Height and width of a decoded frame, after rotation.
        decoder: Decoder that read it; None if unreadable.
        header_frames: Number of frames in the header; 0 if unknown.
        missing: How many of the first, middle and last frame cannot be decoded.
        error: Why it is unreadable, in one line, or None.
    """

    path: str
    frames: int = 0
    fps: float = 0.0
    size: tuple[int, int] = (0, 0)
    decoder: str | None = None
    header_frames: int = 0
    missing: int = 0
    error: str | None = None


def probe_video(
    path: str,
    decoders: Sequence[str] | None = None,
    time_limit: float | None = 60.0,
) -> ProbeResult:
    """Decode the first, the middle and the last frame of a video.

    Args:
        path: The file.
        decoders: Names of decoders in the order to try them; None for the fastest first.
        time_limit: Seconds after which it counts as unreadable; None for no limit.
    """
    try:
        video = Video(path, decoders, time_limit=time_limit)
        last = len(video.index) - 1
        frames = video.read([0, last // 2, last])
    except UnreadableVideo as error:
        return ProbeResult(path, error=str(error))
    height, width = frames[0].shape[:2]
    return ProbeResult(
        path=path,
        frames=len(video.index),
        fps=video.index.fps,
        size=(height, width),
        decoder=video.decoder,
        header_frames=video.index.header_frames,
        missing=video.missing,
    )
