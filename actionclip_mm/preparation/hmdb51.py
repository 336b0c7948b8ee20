"""Writes the annotation lists of HMDB51 from its own files.

    python tools/data/hmdb51/prepare.py --videos hmdb51_org --annotations testTrainMulti_7030_splits

Videos: hmdb51_org/<class>/*.avi, from the rar files of the classes that are in hmdb51_org.rar,
or all of them in one folder.
Annotations: testTrainMulti_7030_splits/<class>_test_split{1,2,3}.txt (test_train_splits.rar).
"""

import argparse
import re
import sys
from pathlib import Path

sys.path += map(str, Path(__file__).resolve().parents[2:4])  # of what is not installed

from _entry import run_tool

# isort: split
from actionclip_mm.preparation import (
    ListedVideo,
    Plan,
    Preparation,
    VideoList,
    find_file,
    in_folder_or_flat,
    read_lines,
    run,
)

SOURCE = 'test_train_splits.rar'
FILE_END = '_test_split1.txt'
ROW = re.compile(r'(?P<name>.*\S)\s+(?P<use>[012])')
TRAIN, TEST = '1', '2'  # 0: in neither list of the split


class HMDB51(Preparation):
    """HMDB51 (Kuehne et al., ICCV 2011): three splits, 70 training and 30 test videos per class."""

    name = 'hmdb51'
    title = 'HMDB51'
    classes = 51
    sizes = {
        **{f'hmdb51_train_split_{split}': (3570,) for split in (1, 2, 3)},
        **{f'hmdb51_val_split_{split}': (1530,) for split in (1, 2, 3)},
        'hmdb51_all': (6766,),
    }
    annotations_help = 'folder testTrainMulti_7030_splits'

    def read(self, args: argparse.Namespace) -> Plan:
        """Reads the three files of each class; the classes are those that have files."""
        folder = find_file(args.annotations, f'brush_hair{FILE_END}', source=SOURCE).parent
        names = sorted(path.name.removesuffix(FILE_END) for path in folder.glob(f'*{FILE_END}'))
        plan = Plan(labels=names, lists=[])
        videos: dict[str, ListedVideo] = {}
        for split in (1, 2, 3):
            uses: dict[str, str] = {}
            for label, name in enumerate(names):
                path = find_file(folder, f'{name}_test_split{split}.txt', source=SOURCE)
                for video, use in self._read_class(path, name, plan).items():
                    uses[video] = use
                    listed = ListedVideo(video, str(label), in_folder_or_flat(video))
                    videos.setdefault(video, listed)
            for part, use in (('train', TRAIN), ('val', TEST)):
                chosen = [videos[video] for video, its_use in uses.items() if its_use == use]
                file = f'hmdb51_{part}_split_{split}_{{kind}}.txt'
                plan.lists.append(VideoList(file, chosen, test=part == 'val'))
        everything = [videos[video] for video in sorted(videos)]
        plan.lists.append(VideoList('hmdb51_all_{kind}.txt', everything, test=True))
        return plan

    def _read_class(self, path: Path, name: str, plan: Plan) -> dict[str, str]:
        """Video -> use of a class in a split."""
        uses: dict[str, str] = {}
        for number, line in read_lines(path):
            where = f"{path.name} line {number}, '{line}'"
            match = ROW.fullmatch(line)
            if match is None or not match['name'].lower().endswith('.avi'):
                plan.problems.append(f'{where}: no row of an .avi file and 0, 1 or 2, left out')
            elif f'{name}/{match["name"]}' in uses:
                plan.problems.append(f'{where}: a second time in this file, kept once')
            else:
                uses[f'{name}/{match["name"]}'] = match['use']
        return uses


if __name__ == '__main__':
    run_tool(lambda: run(HMDB51()))
