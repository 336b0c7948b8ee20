"""Embeddings of videos, or of spans of them, written to a feature store."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor

from ..apis.batches import BatchSize, Unread, clips_in_batches
from ..apis.decoding_ahead import DecodedAhead
from ..apis.inputs import Source
from ..apis.video_reading import Clip, VideoReading
from ..decoding import UnreadableVideo
from ..decoding.index_cache import cached_index
from .store import FeatureWriter, Shard

SHORTEST = 1e-3  # seconds: a shorter rest of a video is not a span of its own
NOT_FINITE = 'its features are not finite'


def name_of(source: Source) -> str:
    """Name of a video in a store: its path, and the seconds of its span if it is one."""
    if source.segment is None:
        return source.name
    return f'{source.name} {"-".join(map(_seconds, source.segment))}'


def parse_name(name: str, spans: bool) -> tuple[str, float | None, float | None]:
    """Path of a name of :func:`name_of`, start and end in seconds or None.

    Args:
        name: The name.
        spans: Whether the store has spans, so that every name ends with one.
    """
    if not spans:
        return name, None, None
    path, _, span = name.rpartition(' ')
    start, _, end = span.partition('-')
    return path, float(start), float(end)


def spans_of(duration: float, window: float, stride: float) -> list[tuple[float, float]]:
    """Spans (start, end) in seconds that cover a video.

    They begin every ``stride`` seconds and are ``window`` long; the last one, the first that
    reaches the end of the video, may be shorter. A shorter video is one span.
    """
    spans = []
    for number in range(max(1, int(duration / stride) + 1)):
        start = number * stride
        end = min(start + window, duration)
        spans.append((round(start, 3), round(end, 3)))
        if end > duration - SHORTEST:
            break
    return spans


def list_sources(
    videos: Iterable[str], window: float | None, stride: float | None, workers: int | None = None
) -> list[Source]:
    """The videos, each once, or their spans.

    Args:
        videos: Paths.
        window: Length of a span in seconds; None for whole videos.
        stride: Seconds between the starts of spans; None for ``window``.
        workers: Threads that read the durations, see :class:`DecodedAhead`.

    Returns:
        Sources in the order of the videos. A video without a duration has the span 0 to 0.
    """
    paths = list(dict.fromkeys(videos))
    if window is None:
        return [Source(path) for path in paths]
    spans = partial(spans_of, window=window, stride=stride or window)
    with DecodedAhead(paths, _duration, workers) as durations:
        return [
            Source(path, segment=span)
            for path, duration in zip(paths, durations, strict=True)
            for span in (spans(duration) if duration else [(0.0, 0.0)])
        ]


def with_spans(pipeline: Sequence[dict]) -> list[dict]:
    """A test pipeline that restricts the frames to the span of a source."""
    pipeline = list(pipeline)
    opens = [str(step.get('type')).endswith('Init') for step in pipeline]
    if True not in opens:
        raise ValueError('Spans need a pipeline that opens a video file (VideoInit).')
    pipeline.insert(opens.index(True) + 1, dict(type='SegmentFrames'))
    return pipeline


def write_features(
    writer: FeatureWriter,
    sources: Sequence[Source],
    read: VideoReading,
    encode: Callable[[list[Clip]], Tensor],
    width: int,
    part: tuple[int, int] = (0, 1),
    batch_size: int = 8,
    workers: int | None = None,
    done: Callable[[int], Any] = lambda _: None,
) -> None:
    """Write the features of all videos that are not written yet.

    Batches begin with a shard, so that the files do not depend on where a run was interrupted.

    Args:
        writer: Store with :func:`name_of` each of ``sources``.
        sources: Videos or spans.
        read: Reads one of them.
        encode: Normalised features [N, D] of clips of one shape.
        width: D.
        part: Number of this process and number of processes.
        batch_size: Videos computed at once. Defaults to 8.
        workers: Threads that decode, see :class:`DecodedAhead`.
        done: Called with the number of videos of each shard after it is written.
    """
    for shard in writer.pending(*part):
        rows = torch.zeros(shard.stop - shard.start, width)
        failed = dict(_fill(rows, sources, shard, read, encode, batch_size, workers))
        writer.write(shard, rows, failed)
        done(len(rows))


def _fill(
    rows: Tensor,
    sources: Sequence[Source],
    shard: Shard,
    read: VideoReading,
    encode: Callable[[list[Clip]], Tensor],
    batch_size: int,
    workers: int | None,
) -> Iterator[tuple[int, str]]:
    """Fill the features [n, D] of a shard; yield place and reason of those that have none."""
    place = 0
    size = BatchSize(batch_size)
    for clips in clips_in_batches(sources[shard.start : shard.stop], read, size, workers):
        if isinstance(clips, Unread):
            yield place, str(clips.error)
            place += 1
            continue
        for row in encode(clips):
            if row.isfinite().all():
                rows[place] = row
            else:
                yield place, NOT_FINITE
            place += 1


def _duration(path: str) -> float:
    """Seconds of a video by its frames, or 0 if it cannot be read: reading it will say why."""
    try:
        index = cached_index(path)
    except (UnreadableVideo, OSError):
        return 0.0
    return len(index) / index.fps if index.fps > 0 else 0.0


def _seconds(value: float) -> str:
    """Up to milliseconds, without trailing zeros."""
    return f'{value:.3f}'.rstrip('0').rstrip('.')
