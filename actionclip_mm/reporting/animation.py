"""Animate clips side by side with the labels that a model gave them, as one GIF."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ..utils import printable, write_bytes

RIGHT, WRONG, PAPER = '#1a7f37', '#b3261e', 'white'
GAP, CAPTION = 8, 40  # pixels around a clip and below it


class LabelledClip(NamedTuple):
    """A clip with the answer of a model.

    Attributes:
        frames: uint8 [T, H, W, 3].
        text: Predicted label, with its probability if wanted.
        is_right: Colour of the text: green or red.
    """

    frames: np.ndarray
    text: str
    is_right: bool


def write_gif(
    path: str | Path, clips: Sequence[LabelledClip], columns: int = 4, size: int = 128, fps: int = 8
) -> None:
    """Write a GIF of clips in rows, in a loop as long as the longest clip.

    Args:
        path: File to write.
        clips: At least one; shorter ones start again.
        columns: Clips in a row. Defaults to 4.
        size: Height and width of a clip in pixels. Defaults to 128.
        fps: Frames per second. Defaults to 8.

    Raises:
        ValueError: No clips.
        OSError: The file cannot be written.
    """
    if not clips:
        raise ValueError('No clips to animate: give at least one.')
    columns = min(columns, len(clips))
    rows = -(-len(clips) // columns)
    page = (columns * (size + GAP) + GAP, rows * (size + CAPTION) + GAP)
    background = Image.new('RGB', page, PAPER)
    for index, clip in enumerate(clips):
        _write_caption(background, clip, _corner(index, columns, size), size)
    pages = []
    for time in range(max(len(clip.frames) for clip in clips)):
        picture = background.copy()
        for index, clip in enumerate(clips):
            frame = Image.fromarray(clip.frames[time % len(clip.frames)])
            picture.paste(frame.resize((size, size)), _corner(index, columns, size))
        pages.append(picture.quantize(48, dither=Image.Dither.NONE))
    content = io.BytesIO()
    options = dict(save_all=True, append_images=pages[1:], duration=1000 // fps, loop=0)
    pages[0].save(content, format='GIF', **options)
    write_bytes(path, content.getvalue())


def _corner(index: int, columns: int, size: int) -> tuple[int, int]:
    """Upper left corner of a clip."""
    row, column = divmod(index, columns)
    return GAP + column * (size + GAP), GAP + row * (size + CAPTION)


def _write_caption(
    page: Image.Image, clip: LabelledClip, corner: tuple[int, int], size: int
) -> None:
    """Write the label below a clip, in two lines if it is long."""
    font = ImageFont.load_default(11)
    draw = ImageDraw.Draw(page)
    lines = ['']
    for word in printable(clip.text).split():
        longer = f'{lines[-1]} {word}'.strip()
        if draw.textlength(longer, font) <= size:
            lines[-1] = longer
        else:
            lines.append(word)
    place = (corner[0] + size / 2, corner[1] + size + 2)
    text = '\n'.join(lines[:2])
    colour = RIGHT if clip.is_right else WRONG
    draw.multiline_text(place, text, colour, font, anchor='ma', align='center', spacing=2)
