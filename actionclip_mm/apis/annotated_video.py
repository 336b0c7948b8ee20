"""Write a video with the label of each moment drawn into it."""

import os
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av
import matplotlib
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ..decoding.streaming import frames_at_rate
from ..utils import name_errors, printable
from ..utils.whole_files import PART
from .prediction import NONE_OF_THESE
from .timeline import Timeline, clock

if TYPE_CHECKING:
    from .timeline import Segment

FRAMES_PER_SECOND = 12.0
SMALLEST_HEIGHT = 240  # smaller frames are enlarged, so that text can be read


def write_annotated(timeline: Timeline, path: str | Path, rate: float = FRAMES_PER_SECOND) -> None:
    """Draw the label, its score and the time under each frame; audio is not kept.

    The video is decoded a second time, a frame at a time, and encoded as H.264 (MPEG-4 where FFmpeg
    has no H.264).

    Args:
        timeline: Of a video file.
        path: The new file; its suffix names the container.
        rate: Frames per second. Defaults to 12.

    Raises:
        ValueError: ``path`` is the video itself, or of an unknown container.
        UnreadableVideo: The video cannot be read any more.
        OSError: The file was not written.
    """
    target = Path(path)
    if target.suffix.lower() not in ('.mp4', '.mkv', '.mov'):
        raise ValueError(f"'{path}' has an unsupported suffix: use .mp4, .mkv or .mov.")
    if target.exists() and os.path.samefile(target, timeline.video):
        raise ValueError(f"'{path}' is the video itself: give another file.")
    codec = 'libx264' if 'libx264' in av.codecs_available else 'mpeg4'
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f'.{target.stem}{PART}{target.suffix}')
    with name_errors(path):
        try:
            with av.open(str(part), 'w') as container:
                stream: Any = container.add_stream(codec, Fraction(rate).limit_denominator(1000))
                stream.pix_fmt, started = 'yuv420p', False
                for frame in frames_at_rate(timeline.video, rate, 0.0, timeline.seconds):
                    picture = _with_caption(
                        frame.image, frame.seconds, timeline.label_at(frame.seconds)
                    )
                    if not started:
                        stream.height, stream.width = picture.shape[:2]
                        started = True
                    container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, 'rgb24')))
                container.mux(stream.encode())
            os.replace(part, target)
        finally:
            part.unlink(missing_ok=True)


def _with_caption(image: np.ndarray, seconds: float, segment: 'Segment | None') -> np.ndarray:
    """The frame with even sides and a bar of text below."""
    picture = Image.fromarray(image)
    factor = max(1, -(-SMALLEST_HEIGHT // picture.height))
    width, height = (side * factor // 2 * 2 for side in picture.size)
    picture = picture.resize((width, height), Image.Resampling.NEAREST)
    bar = max(28, height // 12) // 2 * 2
    canvas = Image.new('RGB', (width, height + bar), (24, 24, 24))
    canvas.paste(picture, (0, 0))
    draw, font = ImageDraw.Draw(canvas), _font(bar * 55 // 100)
    label = NONE_OF_THESE if segment is None else printable(segment.label)
    colour = (150, 150, 150) if label == NONE_OF_THESE else (255, 255, 255)
    right = clock(seconds) if segment is None else f'{segment.score:.2f}  {clock(seconds)}'
    space = width - 3 * bar // 2 - draw.textlength(right, font=font)
    while label and draw.textlength(label, font=font) > space:
        label = label[:-2].rstrip('…') + '…' if len(label) > 2 else ''
    middle = height + bar // 2
    draw.text((bar // 2, middle), label, colour, font, 'lm')
    draw.text((width - bar // 2, middle), right, (190, 190, 190), font, 'rm')
    return np.asarray(canvas)


@lru_cache(maxsize=4)
def _font(size: int) -> Any:
    """DejaVu Sans, which comes with matplotlib."""
    folder = Path(matplotlib.get_data_path()) / 'fonts' / 'ttf'
    return ImageFont.truetype(str(folder / 'DejaVuSans.ttf'), size)
