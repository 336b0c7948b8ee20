"""GIFs of labelled clips: size, frames, loop, colours of right and wrong."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from actionclip_mm.reporting.animation import CAPTION, GAP, LabelledClip, write_gif


def clip(frames: int, grey: int, text: str = 'a label', is_right: bool = True) -> LabelledClip:
    ramp = np.arange(frames, dtype=np.uint8)[:, None, None, None]
    return LabelledClip(np.full((frames, 20, 20, 3), grey, np.uint8) + ramp, text, is_right)


def test_clips_stand_in_rows_and_the_longest_sets_the_length(tmp_path: Path) -> None:
    write_gif(tmp_path / 'x.gif', [clip(3, 0), clip(5, 90), clip(2, 180)], columns=2, size=40)
    picture = Image.open(tmp_path / 'x.gif')
    assert picture.size == (2 * (40 + GAP) + GAP, 2 * (40 + CAPTION) + GAP)
    assert picture.n_frames == 5 and picture.info['loop'] == 0
    picture.seek(4)
    pixels = np.asarray(picture.convert('RGB')).astype(int)
    for (x, y), grey in {(20, 20): 1, (70, 20): 94, (20, 20 + 40 + CAPTION): 180}.items():
        assert abs(pixels[y, x] - grey).max() <= 8  # 48 colours


@pytest.mark.parametrize('is_right', [True, False])
def test_right_is_green_and_wrong_is_red(is_right: bool, tmp_path: Path) -> None:
    write_gif(tmp_path / 'x.gif', [clip(1, 255, 'WWWW', is_right)], size=60)
    pixels = np.asarray(Image.open(tmp_path / 'x.gif').convert('RGB')).astype(int)
    red, green = (pixels[..., channel].min() for channel in (0, 1))
    assert (red < green) == is_right


def test_no_clips_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match='at least one'):
        write_gif(tmp_path / 'x.gif', [])
