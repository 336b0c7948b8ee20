"""Run mmaction2's own video transforms on our decoders, which neither hang nor crash.

decord's ``get_batch`` never returns near the end of an mp4 that was trimmed without re-encoding,
and segfaults on damaged AVI files that it reads from memory; PyAV's transform repeats frames where
the header promises too many. ``DecordInit``, ``PyAVInit``, ``PIMSInit`` and ``OpenCVInit`` thus
list frames as :class:`VideoInit` does, and the decoding transforms that follow have its time limit
and its fallback chain, which begins with the decoder of their name. Frame i is the same frame for
all of them (docs/decoding.md), and the host's own for intact files.
"""

import functools
import inspect
import os.path as osp
import tempfile
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from mmaction.datasets.transforms import loading
from mmengine.fileio import FileClient

from ...compat import fix
from ...decoding import DECODERS, UnreadableVideo, Video, check_decoders, within
from ...decoding.video_index import open_container
from .video_loading import TIME_LIMIT

# Transforms that open a file: what their method calls in the host, and the decoder to try first.
OPENERS = dict(
    PyAVInit=('av.open(', 'pyav'),
    PIMSInit=('pims.', 'pyav'),
    OpenCVInit=('mmcv.VideoReader(', 'opencv'),
)
DECODES = ('PyAVDecode', 'PIMSDecode', 'OpenCVDecode')


class HostVideo(Video):
    """A video with the interface that mmaction2's decoding transforms expect of decord's reader.

    Args:
        path: The file, on a local disk.
        first: Decoder to try first; the other installed ones follow.
        num_threads: Threads of a decoder; 0 lets the decoder choose. Defaults to 1.
        copy: Temporary file to keep as long as this object. Defaults to None.
        max_pixels: Largest frame, see :class:`VideoInit`. Defaults to None.
    """

    def __init__(
        self,
        path: str,
        first: str,
        num_threads: int = 1,
        copy: Any = None,
        max_pixels: int | None = None,
    ) -> None:
        self._copy = copy
        self._at = 0
        super().__init__(path, _installed(first), num_threads, TIME_LIMIT, max_pixels)

    def __len__(self) -> int:
        return len(self.index)

    def get_avg_fps(self) -> float:
        return self.index.fps


@functools.cache
def _installed(first: str) -> tuple[str, ...]:
    """All installed decoders, the given one first."""
    names = [first, *(name for name in DECODERS if name != first)]
    found: list[str] = []
    for name in names:
        try:
            found += check_decoders(name)
        except ValueError:
            continue
    return tuple(found)


@fix()
def limit_time_of_host_decoders() -> None:
    """mmaction2's decoders may hang or crash on trimmed and damaged videos, and disagree on frames.

    Transforms of a repaired host, which open files in another way, stay as they are.
    """
    if 'decord.VideoReader(' in inspect.getsource(loading.DecordInit._get_video_reader):
        loading.DecordInit._get_video_reader = _open_as_decord
        loading.DecordDecode._decord_load_frames = _load_as_decord(
            loading.DecordDecode._decord_load_frames
        )
    for name, (call, decoder) in OPENERS.items():
        kind = getattr(loading, name)
        if call in inspect.getsource(kind.transform):
            kind.transform = _opening(decoder)
    for name in DECODES:
        kind = getattr(loading, name)
        kind.transform = _decoding(kind.transform)
    vectors = loading.PyAVDecodeMotionVector
    vectors.transform = _within_limit(vectors.transform)


def _open(self: Any, filename: str, first: str) -> HostVideo:
    """Open the file of a transform; one on other storage than the local disk is copied first."""
    threads = getattr(self, 'num_threads', 1)
    options = dict(self.kwargs)  # those of the storage, and a budget that the host does not know
    budget = options.pop('max_pixels', None)
    if self.io_backend == 'disk':
        return HostVideo(filename, first, threads, max_pixels=budget)
    if self.file_client is None:
        self.file_client = FileClient(self.io_backend, **options)
    copy = tempfile.NamedTemporaryFile(suffix=osp.splitext(filename)[1])  # noqa: SIM115
    copy.write(self.file_client.get(filename))
    copy.flush()
    try:
        return HostVideo(copy.name, first, threads, copy, budget)
    except UnreadableVideo as error:
        raise UnreadableVideo(str(error).replace(copy.name, filename)) from None


def _open_as_decord(self: Any, filename: str) -> HostVideo:
    # the host names files without suffix '.mp4'; such a file may as well be there as it is
    if not osp.splitext(filename)[1] and not (self.io_backend == 'disk' and osp.isfile(filename)):
        filename += '.mp4'
    return _open(self, filename, 'decord')


def _read(video: Video, frame_inds: Sequence[int] | np.ndarray, mode: str) -> list[np.ndarray]:
    """The frames asked for, or with ``mode='efficient'`` the key frames at or before them."""
    if mode == 'efficient':
        keys = np.searchsorted(video.index.times, video.index.key_times)
        places = np.searchsorted(keys, np.asarray(frame_inds), side='right') - 1
        keys = np.append(keys, 0)  # place -1: no key frame before it
        frame_inds = np.minimum(keys[places], len(video.index) - 1)
    return video.read(np.asarray(frame_inds).tolist())


def _load_as_decord(load: Callable) -> Callable:
    def _decord_load_frames(self: Any, container: Any, frame_inds: np.ndarray) -> list[np.ndarray]:
        if not isinstance(container, Video):
            return load(self, container, frame_inds)
        return _read(container, frame_inds, self.mode)

    return _decord_load_frames


def _opening(decoder: str) -> Callable:
    def transform(self: Any, results: dict) -> dict:
        video = _open(self, results['filename'], decoder)
        results.update(video_reader=video, total_frames=len(video))
        if decoder == 'opencv':
            results['new_path'] = video.path
        return results

    return transform


def _decoding(decode: Callable) -> Callable:
    def transform(self: Any, results: dict) -> dict:
        video = results['video_reader']
        if not isinstance(video, Video):
            return decode(self, results)
        results['video_reader'] = None
        results['frame_inds'] = np.reshape(results['frame_inds'], -1)
        results['imgs'] = _read(video, results['frame_inds'], getattr(self, 'mode', 'accurate'))
        results['original_shape'] = results['img_shape'] = results['imgs'][0].shape[:2]
        return results

    return transform


def _within_limit(decode: Callable) -> Callable:
    """For what only PyAV can give (motion vectors): its own container, and the same time limit."""

    def transform(self: Any, results: dict) -> dict:
        video = results['video_reader']
        if not isinstance(video, Video):
            return decode(self, results)

        def decode_opened() -> dict:
            with open_container(video.path) as container:
                return decode(self, {**results, 'video_reader': container})

        try:
            return within(TIME_LIMIT, decode_opened)
        except TimeoutError:
            raise UnreadableVideo(
                f'{video.path}: its motion vectors were not done after {TIME_LIMIT:g} seconds'
            ) from None

    return transform
