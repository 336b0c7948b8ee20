"""Folders as inputs: a folder of frames is one video, a folder of videos is all of them."""

import os
import re
from collections.abc import Iterable
from pathlib import Path

import mmcv
import numpy as np
from PIL import Image, UnidentifiedImageError

from ..decoding import UnreadableVideo
from ..decoding.containers import check_size
from ..utils import list_names

IMAGES = ('.bmp', '.jpeg', '.jpg', '.png', '.tif', '.tiff', '.webp')
VIDEOS = (
    '.3gp', '.avi', '.flv', '.m4v', '.mkv', '.mov', '.mp4', '.mpeg', '.mpg', '.mts', '.ts', '.webm',
    '.wmv',
)  # fmt: skip
_LAST_NUMBER = re.compile(r'(.*?)(\d{1,18})(\D*)', re.DOTALL)


def expand_folders(paths: Iterable[str | Path]) -> list[str]:
    """Replace folders of videos by their videos, sorted by name, with those of subfolders.

    Files, folders of frames and folders with neither are kept.
    """
    return [found for path in paths for found in _expand(str(path))]


def holds_videos(folder: str) -> bool:
    """Whether a folder has videos or folders of frames in it."""
    return _expand(folder) != [folder]


def _expand(path: str) -> list[str]:
    if not os.path.isdir(path):
        return [path]
    found: list[str] = []
    for folder, subfolders, files in os.walk(path):
        subfolders.sort()
        videos = [name for name in sorted(files) if _is(name, VIDEOS)]
        found += [os.path.join(folder, name) for name in videos]
        if not videos and any(_is(name, IMAGES) for name in files):
            found.append(folder)
    return found or [path]


def frames_of(folder: str) -> list[str] | None:
    """Frame files of a folder, sorted by number; None if there are none.

    Optical flow (``flow_x_…``, ``flow_y_…``) next to the frames is not read.

    Raises:
        UnreadableVideo: The names before the numbers differ: frames of several videos.
    """
    if not os.path.isdir(folder):
        return None
    names = [name for name in os.listdir(folder) if _is(name, IMAGES)]
    names = [name for name in names if not name.startswith('flow_')]
    rows = sorted((*_series_and_number(name), name) for name in names)
    series = sorted({prefix for prefix, _, _ in rows})
    if len(series) > 1:
        raise UnreadableVideo(
            f'{folder}: frames of {len(series)} names ({list_names(series)}): give a '
            'folder with the frames of one video'
        )
    return [os.path.join(folder, name) for _, _, name in rows] or None


def _series_and_number(name: str) -> tuple[str, int]:
    """``img_00012.jpg`` -> (``img_``, 12); a name without a number is a series of its own."""
    match = _LAST_NUMBER.fullmatch(os.path.splitext(name)[0])
    return (name, 0) if match is None else (match[1] + match[3], int(match[2]))


def load_frames(results: dict, frames: list[str] | np.ndarray) -> dict:
    """Add what a decoding transform adds: ``imgs`` of ``frame_inds``, RGB, and their shape.

    Raises:
        UnreadableVideo: A file that is not an image, one above the budget of pixels, or frames of
            different sizes.
    """
    indices = np.asarray(results['frame_inds']).flatten()
    if isinstance(frames, np.ndarray):  # uint8 [T, H, W, 3]
        shape = frames.shape[1:3]
        imgs = list(frames[indices])
        return {**results, 'imgs': imgs, 'original_shape': shape, 'img_shape': shape}
    images = {index: _load(frames[index]) for index in np.unique(indices).tolist()}
    shapes = {image.shape[:2] for image in images.values()}
    if len(shapes) > 1:
        sizes = list_names([f'{width} x {height}' for height, width in sorted(shapes)])
        raise UnreadableVideo(f'{os.path.dirname(frames[0])}: its frames differ in size ({sizes})')
    (shape,) = shapes
    imgs = [images[index].copy() for index in indices.tolist()]
    return {**results, 'imgs': imgs, 'original_shape': shape, 'img_shape': shape}


def _load(path: str) -> np.ndarray:
    try:
        with Image.open(path) as image:  # reads only the header
            check_size(path, *image.size)
        content = Path(path).read_bytes()
        image = mmcv.imfrombytes(content, channel_order='rgb', backend='cv2')
    except (OSError, UnidentifiedImageError, Image.DecompressionBombError) as error:
        raise UnreadableVideo(f'{path}: it cannot be read as an image') from error
    if image is None:
        raise UnreadableVideo(f'{path}: it cannot be read as an image')
    return image


def _is(name: str, suffixes: tuple[str, ...]) -> bool:
    return name.lower().endswith(suffixes) and not name.startswith('.')
