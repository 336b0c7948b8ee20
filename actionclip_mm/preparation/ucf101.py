"""Writes the annotation lists of UCF101 from its own files.

    python tools/data/ucf101/prepare.py --videos UCF-101 --annotations ucfTrainTestlist

Videos: UCF-101/<Class>/v_*.avi (UCF101.rar), or all of them in one folder.
Annotations: ucfTrainTestlist/classInd.txt, trainlist0N.txt, testlist0N.txt
(UCF101TrainTestSplits-RecognitionTask.zip).
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

SOURCE = 'UCF101TrainTestSplits-RecognitionTask.zip'
VIDEO = re.compile(r'(?P<class>[^/]+)/(?P<name>v_[^/]+\.avi)(\s+(?P<label>\d+))?')


class UCF101(Preparation):
    """UCF101 (Soomro, Zamir, Shah, CRCV-TR-12-01, 2012) with its three official splits."""

    name = 'ucf101'
    title = 'UCF101'
    classes = 101
    sizes = {
        'ucf101_train_split_1': (9537,),
        'ucf101_train_split_2': (9586,),
        'ucf101_train_split_3': (9624,),
        'ucf101_val_split_1': (3783,),
        'ucf101_val_split_2': (3734,),
        'ucf101_val_split_3': (3696,),
        'ucf101_all': (13320,),
    }
    annotations_help = 'folder ucfTrainTestlist'

    def read(self, args: argparse.Namespace) -> Plan:
        """Reads classInd.txt and the six lists; all = train and test of split 1."""
        plan = Plan(labels=[], lists=[])
        ids = self._read_classes(find_file(args.annotations, 'classInd.txt', source=SOURCE), plan)
        for split in (1, 2, 3):
            for part, ours in (('train', 'train'), ('test', 'val')):
                path = find_file(args.annotations, f'{part}list0{split}.txt', source=SOURCE)
                videos = self._read_list(path, ids, plan)
                file = f'ucf101_{ours}_split_{split}_{{kind}}.txt'
                plan.lists.append(VideoList(file, videos, test=part == 'test'))
        everything = sorted({*plan.lists[0].videos, *plan.lists[1].videos}, key=lambda v: v.path)
        plan.lists.append(VideoList('ucf101_all_{kind}.txt', everything, test=True))
        return plan

    def _read_classes(self, path: Path, plan: Plan) -> dict[str, int]:
        """Class name in small letters -> id from 0; the official ids start at 1."""
        for number, line in read_lines(path):
            label, _, name = line.partition(' ')
            if label != str(len(plan.labels) + 1) or not name.strip():
                raise ValueError(
                    f"Line {number} of '{path}' is '{line}' and should be "
                    f"'{len(plan.labels) + 1} ClassName': unpack {SOURCE} again."
                )
            plan.labels.append(name.strip())
        return {name.casefold(): index for index, name in enumerate(plan.labels)}

    def _read_list(self, path: Path, ids: dict[str, int], plan: Plan) -> list[ListedVideo]:
        videos: dict[str, ListedVideo] = {}
        for number, line in read_lines(path):
            where = f"{path.name} line {number}, '{line}'"
            match = VIDEO.fullmatch(line)
            if match is None:
                plan.problems.append(f'{where}: no row of a class, a video and a label, left out')
                continue
            label = ids.get(match['class'].casefold())
            name = f'{match["class"]}/{match["name"]}'
            if label is None:
                plan.problems.append(f'{where}: its class is not in classInd.txt, left out')
            elif match['label'] is not None and int(match['label']) != label + 1:
                plan.problems.append(f'{where}: classInd.txt has {label + 1} for it, left out')
            elif name in videos:
                plan.problems.append(f'{where}: a second time in this list, kept once')
            else:
                videos[name] = ListedVideo(name, str(label), in_folder_or_flat(name))
        return list(videos.values())


if __name__ == '__main__':
    run_tool(lambda: run(UCF101()))
