"""What Kinetics-400 and Kinetics-600 share: their annotation files, names of clips and folders."""

import argparse
import re
from abc import abstractmethod
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..utils import normalize_name
from .plan import OPTIONS, ListedVideo, Plan, Preparation, VideoList
from .reading import find_file, read_csv, read_lines

COLUMNS = ('youtube_id', 'time_start', 'time_end')
CLIP = re.compile(r'(?P<id>[\w-]{11})_(?P<start>\d+)_(?P<end>\d+)')
# 'val:' or 'val/tying knot (not on a tie):'
LISTING = re.compile(r'(?:\./)?\w+(?:/(?P<label>[^/]+))?:')
MMACTION_LINE = re.compile(r'(?P<label>[^/]+)/(?P<file>[^/]+\.\w+) (?P<id>\d+)')
FOLDER_NAMES = {'val': ('val', 'validate', 'validation')}  # of copies made by different tools


@dataclass(frozen=True)
class Clip:
    """A clip of a YouTube video.

    Attributes:
        youtube_id: 11 characters.
        start: Its first second.
        end: Its last second; 0 where the annotations give the id alone.
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
        """What :meth:`KineticsPreparation.key` makes of its file name."""
        return f'{self.youtube_id} {self.start}-{self.end}' if self.end else self.youtube_id


class KineticsPreparation(Preparation):
    """A data set of the Kinetics family.

    Videos of YouTube disappear, so every copy lacks others: published numbers are shown beside
    those found and are not binding, and test lists hold what is there.
    """

    fixed = False
    parts: tuple[str, ...]  # the parts of the data set: train, val, …

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Adds ``--splits``."""
        parser.add_argument(
            '--splits', nargs='+', choices=self.parts, default=self.parts, help='default: all'
        )

    def split_folder(self, root: Path, split: str, kind: str) -> Path:
        """``train`` or ``videos_train`` in the given folder."""
        part = split.removeprefix('_')
        names = (f'{kind}{split}', *FOLDER_NAMES.get(part, (part,)))
        for name in names:
            if (root / name).is_dir():
                return root / name
        raise FileNotFoundError(
            f"'{root}' holds no folder {' or '.join(names)}: give the folder above it as "
            f'{OPTIONS[kind]}, or leave this part out with --splits.'
        )

    def replacement_folders(self, root: Path, kind: str) -> list[Path]:
        """``replacement…`` next to ``train``: what CVDF offers for corrupted videos."""
        if kind != 'videos':
            return []
        return sorted(path for path in root.glob('replacement*') if path.is_dir())

    def key(self, path: str) -> str:
        """The YouTube id with the seconds if the name has them; folders do not count."""
        name = path.rpartition('/')[2]
        match = CLIP.fullmatch(name)
        return f'{match["id"]} {int(match["start"])}-{int(match["end"])}' if match else name

    @abstractmethod
    def class_names(self, clips: dict[str, list[Clip]], plan: Plan) -> list[str]:
        """The class names in id order.

        Args:
            clips: Part -> clips of its CSV file, for all files that are there.
            plan: Gets notes on labels that differ.
        """

    def read(self, args: argparse.Namespace) -> Plan:
        """Reads the CSV files of the parts asked for, and of the others that are there."""
        plan = Plan(labels=[], lists=[])
        clips: dict[str, list[Clip]] = {}
        for part in self.parts:
            try:
                names = self._csv_names(part)
                path = find_file(
                    args.annotations, *names, source=f'the annotations of {self.title}'
                )
                clips[part] = self._read_part(path, plan)
            except (FileNotFoundError, ValueError) as error:
                if part in args.splits:
                    raise
                if isinstance(error, ValueError):  # CVDF's test.csv has no labels
                    plan.notes.append(f'The annotations of {part} were not read: {error}')
        plan.labels = self.class_names(clips, plan)
        ids = {normalize_name(name): index for index, name in enumerate(plan.labels)}
        for part in args.splits:
            unknown = Counter(
                clip.label for clip in clips[part] if normalize_name(clip.label) not in ids
            )
            plan.problems += [
                f"{part}: '{label}' of {count} clips is none of the {len(ids)} classes, left out"
                for label, count in sorted(unknown.items())
            ]
            videos = listed_videos(clips[part], ids)
            file = f'{self.name}_{part}_list_{{kind}}.txt'
            plan.lists.append(VideoList(file, videos, test=part != 'train', split=f'_{part}'))
        self.extend(args, plan, clips)
        return plan

    def extend(self, args: argparse.Namespace, plan: Plan, clips: dict[str, list[Clip]]) -> None:
        """Adds the lists of one data set alone."""

    def _csv_names(self, part: str) -> tuple[str, ...]:
        stem = 'validate' if part == 'val' else part
        return (
            f'{part}.txt',  # CVDF's of Kinetics-600, whose CSV files are incomplete
            f'{part}.csv',
            f'{stem}.csv',
            f'{self.name}_{part}.csv',
            f'kinetics_{part}.csv',
            f'{self.name}_{part}_list_videos.txt',  # mmaction2's copies
        )

    def _read_part(self, path: Path, plan: Plan) -> list[Clip]:
        clips: dict[str, Clip] = {}
        for number, row, clip in read_clips(path):
            where = f'{path.name} line {number}'
            if clip is None:
                plan.problems.append(f'{where}: {row or "another number of fields"}, left out')
            elif clip.name in clips:
                before = clips[clip.name].label
                plan.problems.append(
                    f"{where}: {clip.name} a second time ('{before}', '{clip.label}'), kept once"
                )
            else:
                clips[clip.name] = clip
        if not clips:
            raise ValueError(f"'{path}' holds no clip that can be used: give the official file.")
        return list(clips.values())


def read_clips(path: Path) -> Iterator[tuple[int, Any, Clip | None]]:
    """Line number, row and clip of an annotation file; no clip for a row that is of no use.

    Three layouts are in use: CSV with a header; the recursive listing (``val/<class>:`` and the
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
            'that DeepMind offers, or leave this part out with --splits.'
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
    """The clip of a file name with or without seconds."""
    stem = name.rpartition('.')[0]
    match = CLIP.fullmatch(stem)
    if match:
        return Clip(match['id'], int(match['start']), int(match['end']), label)
    return Clip(stem, 0, 0, label) if re.fullmatch(r'[\w-]{11}', stem) else None


def listed_videos(clips: list[Clip], ids: dict[str, int]) -> list[ListedVideo]:
    """The clips whose class has an id.

    Args:
        clips: Clips of one part.
        ids: normalized class name -> id.
    """
    often = Counter(clip.youtube_id for clip in clips)
    videos = []
    for clip in clips:
        if normalize_name(clip.label) in ids:
            # a file named by the id alone is this clip only if no other one has the id
            by_id = (clip.youtube_id,) if often[clip.youtube_id] == 1 else ()
            label = str(ids[normalize_name(clip.label)])
            videos.append(ListedVideo(f'{clip.name}.mp4', label, (clip.key, *by_id)))
    return videos


def _clip(row: dict[str, str]) -> Clip | None:
    label = row['label'].strip()
    youtube_id = row['youtube_id'].strip()
    try:
        start, end = int(float(row['time_start'])), int(float(row['time_end']))
    except (ValueError, OverflowError):
        return None
    good = label and re.fullmatch(r'[\w-]{11}', youtube_id) and 0 <= start < end
    return Clip(youtube_id, start, end, label) if good else None
