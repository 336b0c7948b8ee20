"""The result for a long video: scores over time, segments, and files of them."""

import csv
import io
import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..utils import printable, write_figure, write_json, write_text
from .prediction import NONE_OF_THESE

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Window:
    """Scores of one window.

    Attributes:
        start: Seconds from the start of the video.
        end: The same.
        scores: Of the C classes and, if it competes, of "none of these", [C] or [C + 1].
    """

    start: float
    end: float
    scores: np.ndarray = field(repr=False)


@dataclass(frozen=True)
class Segment:
    """A span of time with one label.

    Attributes:
        start: Seconds from the start of the video.
        end: The same.
        label: A class name or ``'none of these'``.
        score: Mean score of the label over the span.
    """

    start: float
    end: float
    label: str
    score: float


@dataclass(frozen=True)
class Timeline:
    """Labels over time.

    Attributes:
        video: The source as given.
        labels: Names of the C classes.
        windows: All windows.
        segments: What happens when, in order and without gaps.
        are_probabilities: Whether scores are within 0 and 1.
        notes: Sentences for the user.
    """

    video: str
    labels: tuple[str, ...]
    windows: tuple[Window, ...] = field(repr=False)
    segments: tuple[Segment, ...]
    are_probabilities: bool = True
    notes: tuple[str, ...] = ()

    @property
    def seconds(self) -> float:
        """Length of the video as far as windows cover it."""
        return self.windows[-1].end if self.windows else 0.0

    def to_dict(self) -> dict[str, Any]:
        """JSON-able content."""
        return dict(
            video=self.video,
            labels=list(self.labels),
            seconds=self.seconds,
            segments=[
                dict(start=s.start, end=s.end, label=s.label, score=s.score) for s in self.segments
            ],
            windows=[
                dict(start=w.start, end=w.end, scores=[round(float(x), 6) for x in w.scores])
                for w in self.windows
            ],
            notes=list(self.notes),
        )

    def table(self) -> str:
        """Lines of start, end, label and score."""
        return '\n'.join(map(segment_line, self.segments))

    def write(self, path: str | Path) -> None:
        """Write a file in the format of its suffix: .json, .csv, .srt, or an image (.png, .svg).

        Raises:
            ValueError: Another suffix.
            OSError: The file was not written.
        """
        suffix = Path(path).suffix.lower()
        if suffix == '.json':
            write_json(path, self.to_dict())
        elif suffix == '.csv':
            write_text(path, self.to_csv())
        elif suffix == '.srt':
            write_text(path, self.to_srt())
        elif suffix in IMAGES:
            write_figure(path, self.plot())
        else:
            raise ValueError(f"'{path}' has an unsupported suffix: use {', '.join(SUFFIXES)}.")

    def to_csv(self) -> str:
        """Segments as CSV with a header."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator='\n')
        writer.writerow(['start', 'end', 'label', 'score'])
        for s in self.segments:
            writer.writerow([f'{s.start:.3f}', f'{s.end:.3f}', s.label, f'{s.score:.4f}'])
        return text.getvalue()

    def to_srt(self) -> str:
        """Segments as SubRip subtitles, without those of "none of these"."""
        shown = [s for s in self.segments if s.label != NONE_OF_THESE]
        entries = [
            f'{number}\n{_srt_time(s.start)} --> {_srt_time(s.end)}\n'
            f'{printable(s.label)} ({_score(s.score, self.are_probabilities)})\n'
            for number, s in enumerate(shown, start=1)
        ]
        return '\n'.join(entries)

    def plot(self) -> 'Figure':
        """Draw segments as bars of colour over the scores of the labels that occur."""
        from .timeline_plot import draw_timeline

        return draw_timeline(self)

    def label_at(self, seconds: float) -> Segment | None:
        """The segment at a time."""
        return next((s for s in self.segments if s.start <= seconds < s.end), None)


IMAGES = ('.png', '.svg', '.pdf')
SUFFIXES = ('.json', '.csv', '.srt', *IMAGES)


class SegmentBuilder:
    """Join windows to segments as they come.

    Every interval between two starts of windows takes the mean scores of all windows that cover it,
    so a segment begins and ends at multiples of the stride.

    Args:
        labels: Names of the C classes.
        threshold: Smallest score of a label; below it "none of these" is the label.
        min_seconds: Shorter segments take the label of the longer neighbour.
    """

    def __init__(self, labels: Sequence[str], threshold: float, min_seconds: float) -> None:
        self.labels, self.threshold, self.min_seconds = tuple(labels), threshold, min_seconds
        self._open: list[Window] = []
        self._done = 0.0
        self._last: list[Segment] = []

    def add(self, window: Window) -> Iterator[Segment]:
        """Take the next window; yield the segments that cannot change any more."""
        self._open.append(window)
        yield from self._close(window.start)

    def finish(self) -> Iterator[Segment]:
        """Yield the remaining segments."""
        if self._open:
            yield from self._close(self._open[-1].end)
        yield from self._last
        self._last = []

    def _close(self, until: float) -> Iterator[Segment]:
        """Label the time up to a moment that no later window covers."""
        edges = sorted(
            {self._done, until}
            | {t for w in self._open for t in (w.start, w.end) if self._done < t < until}
        )
        for start, end in itertools.pairwise(edges):
            inside = [w.scores for w in self._open if w.start < end and w.end > start]
            if inside:
                yield from self._push(self._label(start, end, np.mean(inside, axis=0)))
        self._done = max(self._done, until)
        self._open = [w for w in self._open if w.end > until]

    def _label(self, start: float, end: float, scores: np.ndarray) -> Segment:
        best = int(scores.argmax())
        score = float(scores[best])
        if best == len(self.labels):
            return Segment(start, end, NONE_OF_THESE, score)
        if score < self.threshold:
            return Segment(start, end, NONE_OF_THESE, score)
        return Segment(start, end, self.labels[best], score)

    def _push(self, piece: Segment) -> Iterator[Segment]:
        if self._last and self._last[-1].label == piece.label:
            self._last[-1] = _joined(self._last[-1], piece, piece.label)
            return
        self._last.append(piece)
        if len(self._last) < 3:
            return
        before, middle, after = self._last
        if middle.end - middle.start < self.min_seconds:
            longer = max((before, after), key=lambda s: s.end - s.start)
            if longer is before:
                self._last = [_joined(before, middle, before.label), after]
            else:
                self._last = [before, _joined(middle, after, after.label)]
            if self._last[0].label == self._last[1].label:
                self._last = [_joined(self._last[0], self._last[1], self._last[0].label)]
        else:
            self._last = [middle, after]
            yield before


def segments_of(
    windows: Iterable[Window], labels: Sequence[str], threshold: float, min_seconds: float
) -> tuple[Segment, ...]:
    """Segments of all windows, see :class:`SegmentBuilder`."""
    builder = SegmentBuilder(labels, threshold, min_seconds)
    found = [segment for window in windows for segment in builder.add(window)]
    return (*found, *builder.finish())


def segment_line(segment: Segment) -> str:
    """A segment as a line of a table."""
    return (
        f'{clock(segment.start)} - {clock(segment.end)}  {segment.score:6.3f}  '
        f'{printable(segment.label)}'
    )


def clock(seconds: float) -> str:
    """``h:mm:ss.t``."""
    tenths = round(seconds * 10)
    return f'{tenths // 36000}:{tenths // 600 % 60:02}:{tenths // 10 % 60:02}.{tenths % 10}'


def _joined(first: Segment, second: Segment, label: str) -> Segment:
    """Two neighbours as one; the score is that of the parts with the label."""
    parts = [s for s in (first, second) if s.label == label]
    total = sum(s.end - s.start for s in parts)
    score = sum(s.score * (s.end - s.start) for s in parts) / total
    return Segment(first.start, second.end, label, score)


def _score(score: float, is_probability: bool) -> str:
    return f'{100 * score:.0f} %' if is_probability else f'{score:.2f}'


def _srt_time(seconds: float) -> str:
    millis = round(seconds * 1000)
    return (
        f'{millis // 3600000:02}:{millis // 60000 % 60:02}:{millis // 1000 % 60:02},'
        f'{millis % 1000:03}'
    )
