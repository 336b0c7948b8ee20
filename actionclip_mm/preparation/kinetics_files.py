"""Annotation files of Kinetics, in the layouts in which they are offered."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .reading import read_csv, read_lines

COLUMNS = ('youtube_id', 'time_start', 'time_end')
CLIP = re.compile(r'(?P<id>[\w-]{11})_(?P<start>\d+)_(?P<end>\d+)')
# 'val:' or 'val/tying knot (not on a tie):'
LISTING = re.compile(r'(?:\./)?\w+(?:/(?P<label>[^/]+))?:')
MMACTION_LINE = re.compile(r'(?P<label>[^/]+)/(?P<file>[^/]+\.\w+) (?P<id>\d+)')


@dataclass(frozen=True)
class Clip:
    """A clip of a YouTube video.

    Attributes:
        youtube_id: 11 characters.
        start: First second.
        end: Last second; 0 if the annotations give the id alone.
        label: Class name.
    """

    youtube_id: str
    start: int
    end: int
    label: str

    @property
    def name(self) -> str:
        """File name of the clip in the common copies, without extension."""
        if not self.end:
            return self.youtube_id
        return f'{self.youtube_id}_{self.start:06d}_{self.end:06d}'

    @property
    def key(self) -> str:
        """Its file name's :meth:`KineticsPreparation.key`."""
        return f'{self.youtube_id} {self.start}-{self.end}' if self.end else self.youtube_id


def read_clips(path: Path) -> Iterator[tuple[int, Any, Clip | None]]:
    """Yield line number, row and clip of an annotation file; None for an unusable row.

    Three layouts exist: CSV with a header; the recursive listing (``val/<class>:`` and the
    names of its files below) that CVDF offers for Kinetics-600 as train.txt and val.txt; and
    mmaction2's lists ``<class>/<clip>.mp4 <id>``, where the folder names the class.

    Raises:
        ValueError: Another layout, or a CSV file without labels.
    """
    lines = read_lines(path)
    first = lines[0][1] if lines else ''
    if 'youtube_id' in first:
        yield from _csv_clips(path, first)
    elif LISTING.fullmatch(first):
        yield from _listing_clips(lines)
    elif MMACTION_LINE.fullmatch(first):
        yield from _mmaction_clips(lines)
    else:
        raise ValueError(
            f"'{path}' is not an annotation file of Kinetics (its first line is '{first[:80]}'): "
            f'give a CSV file with the columns label, {", ".join(COLUMNS)}, a listing of folders '
            "of classes, or mmaction2's list of `<class>/<clip>.mp4 <id>`."
        )


def _csv_clips(path: Path, header: str) -> Iterator[tuple[int, Any, Clip | None]]:
    if 'label' not in [name.strip() for name in header.split(',')]:
        raise ValueError(
            f"'{path}' has no column label, as CVDF's test.csv of Kinetics-600: give the test.csv "
            'that DeepMind offers, or select other parts with --splits.'
        )
    for number, row in read_csv(path, (*COLUMNS, 'label')):
        yield number, row, None if row is None else _clip(row)


def _listing_clips(lines: list[tuple[int, str]]) -> Iterator[tuple[int, Any, Clip | None]]:
    label = None
    for number, line in lines:
        folder = LISTING.fullmatch(line)
        if folder:
            label = folder['label']
        elif label is not None:  # before the first class there are names of folders
            yield number, line, _clip_of_file(line, label)


def _mmaction_clips(lines: list[tuple[int, str]]) -> Iterator[tuple[int, Any, Clip | None]]:
    for number, line in lines:
        match = MMACTION_LINE.fullmatch(line)
        yield number, line, match and _clip_of_file(match['file'], match['label'].replace('_', ' '))


def _clip_of_file(name: str, label: str) -> Clip | None:
    """Clip of a file name with or without seconds."""
    stem = name.rpartition('.')[0]
    match = CLIP.fullmatch(stem)
    if match:
        return Clip(match['id'], int(match['start']), int(match['end']), label)
    return Clip(stem, 0, 0, label) if re.fullmatch(r'[\w-]{11}', stem) else None


def _clip(row: dict[str, str]) -> Clip | None:
    label = row['label'].strip()
    youtube_id = row['youtube_id'].strip()
    try:
        start, end = int(float(row['time_start'])), int(float(row['time_end']))
    except (ValueError, OverflowError):
        return None
    good = label and re.fullmatch(r'[\w-]{11}', youtube_id) and 0 <= start < end
    return Clip(youtube_id, start, end, label) if good else None
