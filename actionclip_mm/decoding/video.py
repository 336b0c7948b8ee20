"""A video file and its chain of decoders."""

import functools
import importlib.util
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from mmengine.logging import print_log

from .errors import UnreadableVideo, reason
from .frame_readers import DecordReader, FrameReader, OpenCVReader
from .index_cache import cached_index
from .pyav_reader import PyAVReader
from .time_limit import within
from .torchcodec_reader import TorchCodecReader
from .video_index import VideoIndex

Result = TypeVar('Result')

DECODERS: dict[str, type[FrameReader]] = dict(
    decord=DecordReader, pyav=PyAVReader, opencv=OpenCVReader
)
OPTIONAL: dict[str, type[FrameReader]] = dict(torchcodec=TorchCodecReader)  # only by name
# decord has no wheels for ARM
INSTALLED = tuple(
    name for name, reader in DECODERS.items() if importlib.util.find_spec(reader.package)
)


# 8 bits and even sizes: PyAV and decord convert these to the same RGB, bit for bit
SAME_PIXELS = ('yuv420p', 'yuvj420p', 'yuv422p', 'yuvj422p', 'yuv444p', 'yuvj444p')


def fastest_decoders(index: VideoIndex) -> tuple[str, ...]:
    """Installed decoders in the order to try them, by the measurements in docs/decoding.md.

    PyAV is the fastest, and comes first where its pixels are those of decord. Elsewhere (10 bits,
    odd sizes) decord comes first: both round colours, each in its own way.
    """
    even = not any(side % 2 for side in index.size)
    first = 'pyav' if even and index.pixel_format in SAME_PIXELS else INSTALLED[0]
    return (first, *(name for name in INSTALLED if name != first))


def check_decoders(decoders: Sequence[str]) -> tuple[str, ...]:
    """Check that decoders are known, installed and named once.

    Raises:
        ValueError: An unknown, missing or repeated decoder, or none.
    """
    if isinstance(decoders, str):
        decoders = (decoders,)
    names = tuple(decoders)
    readers = {**DECODERS, **OPTIONAL}
    allowed = ', '.join(readers)
    if not names or len(set(names)) < len(names):
        raise ValueError(
            f'decoders must name one or more of {allowed}, each once, got {list(names)}.'
        )
    for name in names:
        if name not in readers:
            raise ValueError(f'decoders: unknown decoder {name!r}; choose from {allowed}.')
        reader = readers[name]
        if importlib.util.find_spec(reader.package) is None:
            raise ValueError(
                f'decoders: {name!r} is not installed; install it (pip install '
                f'{reader.distribution}) or remove it from decoders={list(names)}.'
            )
    return names


class Video:
    """A video file with its frame index; it keeps no decoder and no file open.

    Args:
        path: The file, on a local disk.
        decoders: Names of decoders in the order to try them; None for :func:`fastest_decoders`.
        num_threads: Threads of a decoder; 0 lets the decoder choose. Defaults to 1.
        time_limit: Seconds for indexing and decoding; None for no limit. Each decoder gets an equal
            share of the rest: with two more after it, a third.
        max_pixels: Largest frame; None for the environment's budget or 8K.
        only_needed: Whether PyAV decodes no frame that the requested ones do not refer to.
        fast: Whether PyAV skips the loop filter, which changes pixels (docs/decoding.md). Then it
            is the first decoder, unless ``decoders`` names another one.
        index_cache: Where the frame index is kept: a file, True for the memory of this process,
            False for nowhere.

    Raises:
        UnreadableVideo: Missing file, no video, a playlist, frames that are too large, or indexing
            took too long.

    Attributes:
        index: The frame index.
        decoder: Name of the decoder used last.
        missing: Number of requested frames that could not be decoded in the last read.
    """

    def __init__(
        self,
        path: str,
        decoders: Sequence[str] | None = None,
        num_threads: int = 1,
        time_limit: float | None = None,
        max_pixels: int | None = None,
        only_needed: bool = True,
        fast: bool = False,
        index_cache: str | Path | bool = True,
    ) -> None:
        self.path = path
        self.options: dict[str, Any] = dict(
            num_threads=num_threads, only_needed=only_needed, fast=fast
        )
        self.time_limit = self.time_left = time_limit
        self.decoder: str | None = None
        self.missing = 0
        try:
            self.index = self._within(lambda: cached_index(path, max_pixels, index_cache))
        except TimeoutError as error:
            raise UnreadableVideo(f'{path}: its list of frames was {error}') from None
        if decoders is None:
            decoders = ('pyav', *INSTALLED) if fast else fastest_decoders(self.index)
        self.decoders = tuple(dict.fromkeys(decoders))

    def read(self, frame_inds: Sequence[int]) -> list[np.ndarray]:
        """Decode frames with the first decoder that can.

        Args:
            frame_inds: Frame indices, in any order, repeats allowed.

        Returns:
            RGB, uint8 [H, W, 3] each, in the order of ``frame_inds``.

        Raises:
            UnreadableVideo: No decoder can read it, or decoding took too long.
            IndexError: An index is out of range.
        """
        wanted, places = np.unique(np.asarray(frame_inds, dtype=np.int64), return_inverse=True)
        outside = [index for index in (wanted[0], wanted[-1]) if not 0 <= index < len(self.index)]
        if outside:
            raise IndexError(
                f'{self.path}: it has frames 0 to {len(self.index) - 1}, but frame {outside[0]} '
                'was requested; a sampler before VideoDecode ignores total_frames.'
            )
        frames = self._try_decoders(wanted.tolist())
        return [frames[place] for place in places.reshape(-1)]

    def _try_decoders(self, frame_inds: list[int]) -> list[np.ndarray]:
        reasons = []
        for name, sharing in zip(self.decoders, range(len(self.decoders), 0, -1), strict=True):
            self.decoder = name
            kind = DECODERS.get(name) or OPTIONAL[name]
            reader = kind(self.index, **self.options)
            try:
                frames = self._within(functools.partial(reader.read, frame_inds), sharing)
            except Exception as error:  # decoders raise errors of any type
                reasons.append(f'{name}: {reason(error)}')
                continue
            self.missing = len(reader.missing)
            if 2 * self.missing > len(frame_inds):
                found = len(frame_inds) - self.missing
                reasons.append(f'{name}: it decodes {found} of {len(frame_inds)} requested frames')
                continue
            if self.missing:
                _log_once(
                    f'{self.path}: {name} cannot decode {self.missing} of the {len(frame_inds)} '
                    'requested frames; the frames before them are used instead.'
                )
            return frames
        raise UnreadableVideo(f'{self.path}: its frames cannot be decoded ({"; ".join(reasons)})')

    def _within(self, work: Callable[[], Result], sharing: int = 1) -> Result:
        """Run ``work`` within an equal share of the remaining time."""
        if self.time_left is None:
            return work()
        limit = max(self.time_left / sharing, 0.001)
        start = time.monotonic()
        try:
            return within(limit, work)
        except TimeoutError:
            raise TimeoutError(f'not done after {limit:.3g} seconds') from None
        finally:
            self.time_left -= time.monotonic() - start


@functools.lru_cache(maxsize=10000)
def _log_once(message: str) -> None:
    print_log(message, logger='current', level=30)
