"""HMDB51's layout: one file ``<class>_test_splitN.txt`` per class and split.

Videos lie in ``<class>/*.avi``, or all in one folder.
"""

import argparse
import re
from pathlib import Path

from .base import ListedVideo, Plan, Preparation, VideoList, in_folder_or_flat
from .reading import find_file, read_lines

FILE_END = '_test_split1.txt'
ROW = re.compile(r'(?P<name>.*\S)\s+(?P<use>[012])')
TRAIN, TEST = '1', '2'  # 0: in neither list of the split


class HMDB51Preparation(Preparation):
    """HMDB51; its classes are those that have files."""

    def read(self, args: argparse.Namespace) -> Plan:
        """Read the file of each class and split; all = every video that any of them names."""
        source = self.benchmark.annotation_archive
        folder = find_file(args.annotations, f'brush_hair{FILE_END}', source=source).parent
        names = sorted(path.name.removesuffix(FILE_END) for path in folder.glob(f'*{FILE_END}'))
        plan = Plan(labels=names)
        videos: dict[str, ListedVideo] = {}
        for number, split in enumerate(self.benchmark.splits, start=1):
            uses: dict[str, str] = {}
            for label, name in enumerate(names):
                path = find_file(folder, f'{name}_test_split{number}.txt', source=source)
                for video, use in self._read_class(path, name, plan).items():
                    uses[video] = use
                    listed = ListedVideo(video, str(label), in_folder_or_flat(video))
                    videos.setdefault(video, listed)
            for use, listed_as in zip((TRAIN, TEST), split, strict=True):
                chosen = [videos[video] for video, its_use in uses.items() if its_use == use]
                plan.lists.append(VideoList(listed_as, chosen))
        if self.benchmark.all_videos is not None:
            everything = [videos[video] for video in sorted(videos)]
            plan.lists.append(VideoList(self.benchmark.all_videos, everything))
        return plan

    def _read_class(self, path: Path, name: str, plan: Plan) -> dict[str, str]:
        """Video -> use of a class in a split."""
        uses: dict[str, str] = {}
        for number, line in read_lines(path):
            where = f"{path.name} line {number}, '{line}'"
            match = ROW.fullmatch(line)
            if match is None or not match['name'].lower().endswith('.avi'):
                plan.problems.append(f'{where}: not an .avi file and 0, 1 or 2; row skipped')
            elif f'{name}/{match["name"]}' in uses:
                plan.problems.append(f'{where}: repeated in this file, kept once')
            else:
                uses[f'{name}/{match["name"]}'] = match['use']
        return uses
