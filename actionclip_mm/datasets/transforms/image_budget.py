"""Refuse images above the pixel budget from their header (``RawFrameDecode`` and others).

All of mmaction2's and mmcv's transforms decode images by ``mmcv.imfrombytes``.
"""

import functools
import io
from collections.abc import Callable
from typing import Any

import mmcv
from PIL import Image

from ...compat.fixes import fix, replace_function
from ...decoding.containers import check_size


@fix()
def limit_size_of_images() -> None:
    """mmcv decodes images of any size, so a small file may fill the memory."""
    replace_function(mmcv.imfrombytes, _guarded(mmcv.imfrombytes))


def _guarded(decode: Callable) -> Callable:
    @functools.wraps(decode)
    def imfrombytes(content: bytes, *args: Any, **kwargs: Any) -> Any:
        try:
            width, height = Image.open(io.BytesIO(content)).size  # reads the header alone
        except Image.DecompressionBombError:  # Pillow's own budget, 179 million
            width = height = 2**15
        except Exception:  # not an image of Pillow's: the decoder says what it is
            width = height = 0
        check_size('an image', width, height)
        return decode(content, *args, **kwargs)

    return imfrombytes
