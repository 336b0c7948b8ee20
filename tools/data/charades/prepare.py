"""Writes the annotation lists of Charades from its own files.

    python tools/data/charades/prepare.py --videos Charades_v1_480 --annotations Charades

Videos: Charades_v1_480/<ID>.mp4 (Charades_v1_480.zip, or the original sizes of Charades_v1.zip).
Annotations: Charades/Charades_v1_train.csv, Charades_v1_test.csv, Charades_v1_classes.txt
(Charades.zip). Lists of whole videos have all labels of each, none for unlabelled videos; the list
of segments has a line `path label start end`, in seconds, for each action.
"""

import argparse
import sys
from pathlib import Path

sys.path += map(str, Path(__file__).resolve().parents[2:4])  # of what is not installed

from _entry import run_tool

# isort: split
from _charades_files import Annotations, read_classes, read_videos

from actionclip_mm.preparation import (
    ListedVideo,
    Plan,
    Preparation,
    VideoList,
    find_file,
    run,
)

SOURCE = 'Charades.zip'
PUBLISHED_ACTIONS = {'train': 49809, 'test': 16691}  # 66,500 in all, as the paper says


class Charades(Preparation):
    """Charades (Sigurdsson et al., ECCV 2016)."""

    name = 'charades'
    title = 'Charades'
    classes = 157
    sizes = {'charades_train_list': (7985,), 'charades_test_list': (1863,)}
    unlabelled = {'train': 174, 'test': 49}  # counted from the official files
    annotations_help = 'folder of Charades_v1_train.csv, _test.csv and _classes.txt'

    def key(self, path: str) -> str:
        """The id: videos in any folder below the given one."""
        return path.rpartition('/')[2].casefold()

    def read(self, args: argparse.Namespace) -> Plan:
        """Reads the classes and both CSV files; segments are those of the training videos."""
        plan = Plan(labels=self._file(args, 'classes.txt', read_classes), lists=[])
        for part in ('train', 'test'):
            found = self._file(args, f'{part}.csv', read_videos, len(plan.labels))
            plan.problems += found.problems
            plan.notes.append(_note(part, found))
            unlabelled = sum(not video.labels for video in found.videos)
            if unlabelled != self.unlabelled[part]:
                plan.problems.append(
                    f'{part}: {unlabelled:,} videos have no label and should be '
                    f'{self.unlabelled[part]:,}: download {SOURCE} again.'
                )
            videos = [
                ListedVideo(f'{video.name}.mp4', ' '.join(map(str, video.labels)))
                for video in found.videos
            ]
            file = f'charades_{part}_list_{{kind}}.txt'
            plan.lists.append(VideoList(file, videos, test=part == 'test'))
            if part == 'train':
                plan.lists.append(VideoList('charades_train_segments.txt', _segments(found)))
        return plan

    def _file(self, args: argparse.Namespace, end: str, reader, *more):
        return reader(find_file(args.annotations, f'Charades_v1_{end}', source=SOURCE), *more)


def _segments(found: Annotations) -> list[ListedVideo]:
    return [
        ListedVideo(f'{video.name}.mp4', f'{label} {start:g} {end:g}')
        for video in found.videos
        for label, start, end in video.segments
    ]


def _note(part: str, found: Annotations) -> str:
    return (
        f'{part}: {found.num_actions:,} actions (published: {PUBLISHED_ACTIONS[part]:,}). '
        f'{found.cut:,} end behind the end of their video and were cut there; {found.empty:,} have '
        'no duration within it and make no segment, but their class is a label of the video.'
    )


if __name__ == '__main__':
    run_tool(lambda: run(Charades()))
