"""UCF101's layout: classInd.txt, trainlist0N.txt and testlist0N.txt.

Videos lie in ``<Class>/v_*.avi``, or all in one folder.
"""

import argparse
import re
from pathlib import Path

from .base import ListedVideo, Plan, Preparation, VideoList, in_folder_or_flat
from .reading import find_file, read_lines

VIDEO = re.compile(r'(?P<class>[^/]+)/(?P<name>v_[^/]+\.avi)(\s+(?P<label>\d+))?')


class UCF101Preparation(Preparation):
    """UCF101 and data sets in its layout."""

    def read(self, args: argparse.Namespace) -> Plan:
        """Read classInd.txt and the lists of each split; all = train and test of split 1."""
        plan, source = Plan(), self.benchmark.annotation_archive
        ids = self._read_classes(find_file(args.annotations, 'classInd.txt', source=source), plan)
        for number, split in enumerate(self.benchmark.splits, start=1):
            for part, listed in zip(('train', 'test'), split, strict=True):
                path = find_file(args.annotations, f'{part}list0{number}.txt', source=source)
                plan.lists.append(VideoList(listed, self._read_list(path, ids, plan)))
        if self.benchmark.all_videos is not None:
            everything = {*plan.lists[0].videos, *plan.lists[1].videos}
            videos = sorted(everything, key=lambda video: video.path)
            plan.lists.append(VideoList(self.benchmark.all_videos, videos))
        return plan

    def _read_classes(self, path: Path, plan: Plan) -> dict[str, int]:
        """Case-folded class name -> id from 0; the official ids start at 1."""
        for number, line in read_lines(path):
            label, _, name = line.partition(' ')
            if label != str(len(plan.labels) + 1) or not name.strip():
                raise ValueError(
                    f"Line {number} of '{path}' is '{line}' and should be "
                    f"'{len(plan.labels) + 1} ClassName': unpack "
                    f'{self.benchmark.annotation_archive} again.'
                )
            plan.labels.append(name.strip())
        return {name.casefold(): index for index, name in enumerate(plan.labels)}

    def _read_list(self, path: Path, ids: dict[str, int], plan: Plan) -> list[ListedVideo]:
        videos: dict[str, ListedVideo] = {}
        for number, line in read_lines(path):
            where = f"{path.name} line {number}, '{line}'"
            match = VIDEO.fullmatch(line)
            if match is None:
                plan.problems.append(f'{where}: not a class, a video and a label; row skipped')
                continue
            label = ids.get(match['class'].casefold())
            name = f'{match["class"]}/{match["name"]}'
            if label is None:
                plan.problems.append(f'{where}: its class is not in classInd.txt; row skipped')
            elif match['label'] is not None and int(match['label']) != label + 1:
                plan.problems.append(
                    f'{where}: classInd.txt has label {label + 1} for it; row skipped'
                )
            elif name in videos:
                plan.problems.append(f'{where}: repeated in this list, kept once')
            else:
                videos[name] = ListedVideo(name, str(label), in_folder_or_flat(name))
        return list(videos.values())
