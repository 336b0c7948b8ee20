"""Looks into a video file: whether its first, middle and last frame can be decoded."""

from collections.abc import Sequence
from dataclasses import dataclass

from . import DECODERS, UnreadableVideo, Video


@dataclass(frozen=True)
class ProbeResult:
    """What was found in a video file.

    Attributes:
        path: The file.
        frames: How many frames it has; 0 where it cannot be read.
        fps: Average frames per second; 0 where the file does not say.
        size: Height and width of a decoded frame, turned as a player turns it.
        decoder: Name of the decoder that read it; None where it cannot be read.
        header_frames: How many frames its header promises; 0 where it does not say.
        missing: How many of the first, middle and last frame cannot be decoded.
        error: Why it cannot be read, in one line; None where it can.
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
    decoders: Sequence[str] = tuple(DECODERS),
    time_limit: float | None = 60.0,
) -> ProbeResult:
    """Decodes the first, the middle and the last frame of a video.

    Args:
        path: The file.
        decoders: Names of decoders in the order in which they are tried.
        time_limit: Seconds after which it counts as unreadable; None is no limit.
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
