"""What Kinetics-400 and Kinetics-600 share: their CSV files, names of clips and folders."""

import argparse
import re
from abc import abstractmethod
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from ...models.text.label_names import plain
from .plan import OPTIONS, ListedVideo, Plan, Preparation, VideoList
from .reading import find_file, read_csv

COLUMNS = ('youtube_id', 'time_start', 'time_end')
CLIP = re.compile(r'(?P<id>[\w-]{11})_(?P<start>\d+)_(?P<end>\d+)')
FOLDER_NAMES = {'val': ('val', 'validate', 'validation')}  # of copies made by different tools


@dataclass(frozen=True)
class Clip:
    """A row of a CSV file: seconds ``start`` to ``end`` of a YouTube video."""

    youtube_id: str
    start: int
    end: int
    label: str

    @property
    def name(self) -> str:
        """File name of the clip in the common copies, without extension."""
        return f'{self.youtube_id}_{self.start:06d}_{self.end:06d}'

    @property
    def key(self) -> str:
        """What :meth:`KineticsPreparation.key` makes of its file name."""
        return f'{self.youtube_id} {self.start}-{self.end}'


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
                path = find_file(args.annotations, *names, source=f'the CSV files of {self.title}')
            except FileNotFoundError:
                if part in args.splits:
                    raise
                continue
            clips[part] = self._read_part(path, plan)
        plan.labels = self.class_names(clips, plan)
        ids = {plain(name): index for index, name in enumerate(plan.labels)}
        for part in args.splits:
            unknown = Counter(clip.label for clip in clips[part] if plain(clip.label) not in ids)
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
        return (f'{part}.csv', f'{stem}.csv', f'{self.name}_{part}.csv', f'kinetics_{part}.csv')

    def _read_part(self, path: Path, plan: Plan) -> list[Clip]:
        clips: dict[str, Clip] = {}
        for number, row in read_csv(path, (*COLUMNS, 'label')):
            where = f'{path.name} line {number}'
            clip = None if row is None else _clip(row)
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


def listed_videos(clips: list[Clip], ids: dict[str, int]) -> list[ListedVideo]:
    """The clips whose class has an id.

    Args:
        clips: Clips of one part.
        ids: ``plain`` class name -> id.
    """
    often = Counter(clip.youtube_id for clip in clips)
    videos = []
    for clip in clips:
        if plain(clip.label) in ids:
            # a file named by the id alone is this clip only if no other one has the id
            by_id = (clip.youtube_id,) if often[clip.youtube_id] == 1 else ()
            label = str(ids[plain(clip.label)])
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
