"""How many videos are computed at once, and clips in such batches."""

import math
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby

from .decoding_ahead import DecodedAhead
from .inputs import Source
from .video_reading import Clip, VideoError

MOST_AT_ONCE = 16  # videos in a batch of automatic size
MOST_VALUES = 128 * 3 * 224**2  # pixel values in such a batch: 16 videos of 8 frames
LONGEST = 4.0  # seconds that a grown batch may take: answers wait for it
GAIN = 0.9  # batches grow while a video in them takes less than this share of the time before


class BatchSize:
    """Number of videos that are computed at once.

    Automatic: one video first, so that its answer comes at once; then as many as are decoded. The
    limit doubles while that saves at least a tenth of the time of each video.

    Args:
        fixed: A number that is always waited for; None for automatic.
    """

    def __init__(self, fixed: int | None) -> None:
        self.fixed = fixed
        self.limit = fixed or 1
        self._best = math.inf  # seconds of one video
        self._settled = fixed is not None

    @contextmanager
    def timed(self, videos: int) -> Iterator[None]:
        """Adapt the limit to the time that the block needs for a number of videos."""
        start = time.perf_counter()
        yield
        if not self._settled and videos == self.limit:  # fewer tell nothing
            self._adapt(time.perf_counter() - start)

    def of(self, values: int) -> int:
        """The limit for clips with a number of values each; automatic batches are bounded."""
        if self.fixed is not None:
            return self.fixed
        return max(1, min(self.limit, MOST_VALUES // max(values, 1)))

    def _adapt(self, seconds: float) -> None:
        each = seconds / self.limit
        if each > GAIN * self._best:
            self.limit = max(1, self.limit // 2)
            self._settled = True
        elif 2 * seconds < LONGEST and self.limit < MOST_AT_ONCE:
            self._best = each
            self.limit *= 2
        else:
            self._settled = True


@dataclass(frozen=True)
class Unread:
    """A video that could not be read."""

    source: Source
    error: VideoError


def clips_in_batches(
    sources: Iterable[Source],
    read: Callable[[Source], Clip],
    size: BatchSize,
    workers: int | None = None,
) -> Iterator[Unread | list[Clip]]:
    """Read videos ahead; yield clips of one shape to compute at once, in the order of ``sources``.

    Args:
        sources: The videos.
        read: Reads one of them, such as a :class:`VideoReading`.
        size: How many are computed at once; compute them in its ``timed`` block.
        workers: Threads that decode, see :class:`DecodedAhead`.

    Raises:
        Exception: Anything but :class:`VideoError` that ``read`` raises.
    """

    def attempt(source: Source) -> Clip | Unread:
        try:
            return read(source)
        except VideoError as error:
            return Unread(source, error)

    with DecodedAhead(sources, attempt, workers, _bytes) as decoded:
        for first in decoded:
            # the host pads clips of different shapes to one, which would change the scores
            for shape, group in groupby(_batch(first, decoded, size), key=_shape):
                if shape is None:
                    yield from group  # type: ignore[misc]  # videos that failed
                else:
                    yield list(group)  # type: ignore[arg-type]


def _batch(
    first: Clip | Unread, decoded: DecodedAhead[Source, Clip | Unread], size: BatchSize
) -> list[Clip | Unread]:
    batch = [first]
    if isinstance(first, Unread) and size.fixed is None:
        return batch
    limit = size.of(0 if isinstance(first, Unread) else first.data['inputs'].numel())
    while len(batch) < limit and (size.fixed is not None or decoded.ready()):
        following = next(decoded, None)
        if following is None:
            break
        batch.append(following)
    return batch


def _shape(item: Clip | Unread) -> tuple[int, ...] | None:
    return None if isinstance(item, Unread) else tuple(item.data['inputs'].shape)


def _bytes(item: Clip | Unread) -> int:
    return 0 if isinstance(item, Unread) else item.data['inputs'].nbytes
