"""Charades' layout: Charades_v1_classes.txt and Charades_v1_{train,test}.csv.

Videos are ``<ID>.mp4``. Lists of whole videos have all labels of each, none for unlabelled videos;
the list of segments has a line ``path label start end``, in seconds, for each action.
"""

import argparse
import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .base import ListedVideo, Plan, Preparation, VideoList
from .reading import find_file, read_csv, read_lines

COLUMNS = ('id', 'actions', 'length')  # of those that are read
CLASS = re.compile(r'c(\d{3})\s+(\S.*)')
ACTION = re.compile(r'(c\d{3}) (\d+(?:\.\d+)?) (\d+(?:\.\d+)?)')


@dataclass
class Video:
    """A row of the CSV file.

    Attributes:
        name: Id, the file name without extension.
        labels: Different class ids, ascending; none for an unlabelled video.
        segments: Class id, start and end in seconds of each action, within the video.
    """

    name: str
    labels: list[int]
    segments: list[tuple[int, float, float]]


@dataclass
class Annotations:
    """All rows of a CSV file.

    Attributes:
        videos: In the order of the file.
        problems: Unusable rows, one sentence each.
        num_actions: Actions of all videos, unusable ones included.
        cut: Number of actions cut at the end of their video.
        empty: Number of actions without duration within their video: they make no segment, but
            their class is a label of the video.
    """

    videos: list[Video] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    num_actions: int = 0
    cut: int = 0
    empty: int = 0

    def segments(self) -> list[ListedVideo]:
        """One entry per segment of a video."""
        return [
            ListedVideo(f'{video.name}.mp4', f'{label} {start:g} {end:g}')
            for video in self.videos
            for label, start, end in video.segments
        ]

    def note(self, part: str, published: int | None) -> str:
        """Summary of the actions of a part, for the report."""
        return (
            f'{part}: {self.num_actions:,} actions (published: {published:,}). {self.cut:,} end '
            f'after the end of their video and were cut there; {self.empty:,} have no duration '
            'within it and make no segment, but their class is a label of the video.'
        )


class CharadesPreparation(Preparation):
    """Charades; segments are those of the training videos."""

    def key(self, path: str) -> str:
        """Id of the video, in any folder below the given one."""
        return path.rpartition('/')[2].casefold()

    def read(self, args: argparse.Namespace) -> Plan:
        """Read the classes and both CSV files."""
        plan = Plan(labels=self._file(args, 'classes.txt', read_classes))
        (segments,) = self.benchmark.others
        for part, listed in zip(('train', 'test'), self.benchmark.splits[0], strict=True):
            found = self._file(args, f'{part}.csv', read_videos, len(plan.labels))
            plan.problems += found.problems
            plan.notes.append(found.note(part, listed.actions))
            unlabelled = sum(not video.labels for video in found.videos)
            if unlabelled != listed.unlabelled:
                plan.problems.append(
                    f'{part}: {unlabelled:,} videos have no label, expected {listed.unlabelled:,}: '
                    f'download {self.benchmark.annotation_archive} again.'
                )
            videos = [
                ListedVideo(f'{video.name}.mp4', ' '.join(map(str, video.labels)))
                for video in found.videos
            ]
            plan.lists.append(VideoList(listed, videos))
            if part == 'train':
                plan.lists.append(VideoList(segments, found.segments()))
        return plan

    def _file(self, args: argparse.Namespace, end: str, reader: Callable, *more: Any) -> Any:
        source = self.benchmark.annotation_archive
        return reader(find_file(args.annotations, f'Charades_v1_{end}', source=source), *more)


def read_classes(path: Path) -> list[str]:
    """Class names in id order: line ``c000 Holding some clothes`` is class 0.

    Raises:
        ValueError: A line that is not the next class.
    """
    names: list[str] = []
    for number, line in read_lines(path):
        match = CLASS.fullmatch(line)
        if match is None or int(match[1]) != len(names):
            raise ValueError(
                f"Line {number} of '{path}' is '{line}' and should be "
                f"'c{len(names):03} Name of the class': unpack the official file again."
            )
        names.append(match[2])
    return names


def read_videos(path: Path, num_classes: int) -> Annotations:
    """Read a CSV file; broken rows are listed, never guessed.

    Args:
        path: Charades_v1_train.csv or Charades_v1_test.csv.
        num_classes: Number of classes.

    Raises:
        ValueError: The file lacks columns, or has an unknown class: then the class file is of
            another data set, and no row can be trusted.
    """
    found = Annotations()
    seen: dict[str, int] = {}
    for number, row in read_csv(path, COLUMNS):
        place = f'{path.name} line {number}'
        name = row and row['id'].strip()
        if not name:
            what = 'no id' if row else 'another number of fields than the header'
            found.problems.append(f'{place}: {what}; row skipped')
        elif name in seen:
            found.problems.append(f"{place}: '{name}' is in line {seen[name]} already; row skipped")
        else:
            seen[name] = number
            try:
                length = _length(row['length'])
                actions = _actions(row['actions'], place, num_classes)
            except _Broken as error:
                found.problems.append(f"{place}, '{name}': {error}; row skipped")
                continue
            found.videos.append(_video(name, actions, length, found))
    return found


class _Broken(Exception):
    """An unusable row; the message says why."""


def _length(text: str) -> float:
    try:
        length = float(text)
    except ValueError:
        length = math.nan
    if not 0 < length < math.inf:
        raise _Broken(f"its length must be a number of seconds, got '{text}'")
    return length


def _actions(text: str, place: str, num_classes: int) -> list[tuple[int, float, float]]:
    """Class id, start and end of each action; none for an empty field."""
    actions = []
    for part in text.split(';') if text.strip() else []:
        match = ACTION.fullmatch(part.strip())
        if match is None:
            raise _Broken(f"its action '{part}' is not `c000 start end`")
        label = int(match[1][1:])
        if label >= num_classes:
            raise ValueError(
                f'{place} has class {match[1]} but there are {num_classes} classes: give the class '
                'file that belongs to it.'
            )
        actions.append((label, float(match[2]), float(match[3])))
    return actions


def _video(
    name: str, actions: list[tuple[int, float, float]], length: float, found: Annotations
) -> Video:
    """Cut segments to the video, and count the changes."""
    segments = []
    for label, start, end in actions:
        cut_end = min(end, length)
        if start >= cut_end:
            found.empty += 1
            continue
        found.cut += end > length
        segments.append((label, start, cut_end))
    found.num_actions += len(actions)
    return Video(name, sorted({label for label, _, _ in actions}), segments)
