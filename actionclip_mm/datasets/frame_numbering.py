"""Detect folders of frames whose numbering disagrees with ``start_index``."""

import os.path as osp
from collections.abc import Iterable

LOOKED_AT = 8  # folders; all frames of a data set are usually extracted alike


def check_numbering(infos: Iterable[dict], filename_tmpl: str, start_index: int) -> None:
    """Refuse folders whose images are off by one from ``start_index``.

    They would be read one frame off, without their first or last image. Remote folders and folders
    that differ in another way (such as a missing image) are not checked.

    Args:
        infos: Annotations with ``frame_dir``, ``total_frames`` and optionally ``offset``.
        filename_tmpl: As in mmaction2, ``'img_{:05}.jpg'``, or of flow ``'{}_{:05}.jpg'``.
        start_index: Number of the first image.

    Raises:
        ValueError: Names the folder and the ``start_index`` that fits.
    """
    for info in infos:
        folder, total = info['frame_dir'], info.get('total_frames') or 0
        # a segment in the middle of a folder has frames on both sides
        if '://' in folder or not total or info.get('offset'):
            continue

        def has(number: int, folder: str = folder) -> bool:
            return osp.isfile(osp.join(folder, frame_name(filename_tmpl, number)))

        first, last = start_index, start_index + total - 1
        if first > 0 and has(first - 1) and not has(last):
            found = first - 1
        elif not has(first) and has(last) and has(last + 1):
            found = first + 1
        else:
            continue
        name = frame_name(filename_tmpl, found)
        raise ValueError(
            f"The {total} frames of '{folder}' begin with {name}, but start_index is "
            f'{start_index}, which reads them one frame off: set start_index={found} of the '
            'data set.'
        )


def frame_name(filename_tmpl: str, number: int) -> str:
    """File name of a frame; for flow, of its horizontal part."""
    try:
        return filename_tmpl.format(number)
    except IndexError:
        return filename_tmpl.format('x', number)
