"""Decoding of video files that crashes the whole process."""

import inspect
import os.path as osp
from collections.abc import Callable
from typing import Any

from .replace import is_ours, mark


def decord_from_memory() -> None:
    """DecordInit hands decord the bytes of a file, and decord then segfaults on damaged AVI files.

    Opened by its path the same file gives an error that can be caught (or its readable part), and a
    file that is no video is not printed. Files on other storage are still read into memory.
    """
    from mmaction.datasets.transforms import DecordInit

    open_video = DecordInit._get_video_reader
    if not is_ours(open_video) and 'BytesIO' in inspect.getsource(open_video):
        DecordInit._get_video_reader = mark(_by_path(open_video))


def _by_path(from_memory: Callable) -> Callable:
    def _get_video_reader(self: Any, filename: str) -> object:
        if self.io_backend != 'disk':
            return from_memory(self, filename)
        import decord

        # the host names files without suffix '.mp4'; such a file may as well be there as it is
        if not osp.splitext(filename)[1] and not osp.isfile(filename):
            filename += '.mp4'
        if not osp.isfile(filename):
            raise FileNotFoundError(f'there is no video file {filename}')
        return decord.VideoReader(filename, num_threads=self.num_threads)

    return _get_video_reader
