"""Writes the annotation lists of Kinetics-600, and those of zero-shot transfer from Kinetics-400.

    python tools/data/kinetics600/prepare.py --videos k600 --annotations k600/annotations \\
        --zero-shot

Videos: k600/train, k600/val and k600/test (or videos_train, …), as for Kinetics-400. Annotations:
train.txt, val.txt (CVDF's listings) or train.csv, val.csv, and test.csv with labels. Zero-shot
classes: those of ElaborativeRehearsal's folder zsl220, whose names the package carries.
"""

import argparse
import sys
from pathlib import Path

sys.path += map(str, Path(__file__).resolve().parents[2:4])  # of what is not installed

from _entry import run_tool

# isort: split
from _zero_shot_classes import zero_shot_classes

from actionclip_mm.preparation import Plan, VideoList, run
from actionclip_mm.preparation.kinetics import (
    Clip,
    KineticsPreparation,
    listed_videos,
)
from actionclip_mm.utils import normalize_name

OWN_NAMES = Path()  # --zero-shot without a folder

# videos of the zero-shot splits as others have counted them in their copies
IN_TEST = ((14119, 14084), (14067, 13978), (14161, 14136))  # Text4Vis, BIKE; ViFi-CLIP and others
# Open-VCLIP, FROSTER: lines, and different videos
IN_VAL = ((7276, 7275), (7226, 7225), (7261,))


class Kinetics600(KineticsPreparation):
    """Kinetics-600 (Carreira et al., arXiv 1808.01340).

    The zero-shot splits are those of Chen and Huang, "Elaborative Rehearsal for Zero-shot Action
    Recognition", ICCV 2021: three times 160 classes that Kinetics-400 lacks. Test videos are taken
    from the test part (`…_test_…` lists) or from the val part (`…_val_…`): both are in use.
    """

    name = 'kinetics600'
    title = 'Kinetics-600'
    classes = 600
    parts = ('train', 'val', 'test')
    sizes = {
        f'kinetics600_zero_shot_split_{split}_{part}': numbers[split - 1]
        for part, numbers in (('test', IN_TEST), ('val', IN_VAL))
        for split in (1, 2, 3)
    }
    annotations_help = 'folder of train.csv, val.csv and test.csv'

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Adds ``--splits`` and ``--zero-shot``."""
        super().add_arguments(parser)
        parser.add_argument(
            '--zero-shot',
            type=Path,
            nargs='?',
            const=OWN_NAMES,
            metavar='ZSL220',
            help='also write the 3 zero-shot splits; a folder zsl220 is checked against them',
        )

    def class_names(self, clips: dict[str, list[Clip]], plan: Plan) -> list[str]:
        """The names of all CSV files in alphabetical order."""
        names: dict[str, str] = {}
        for label in sorted({clip.label for part in clips.values() for clip in part}):
            if names.setdefault(normalize_name(label), label) != label:
                plan.notes.append(
                    f"'{label}' and '{names[normalize_name(label)]}' are taken as one class."
                )
        return sorted(names.values())

    def extend(self, args: argparse.Namespace, plan: Plan, clips: dict[str, list[Clip]]) -> None:
        """Adds lists and class names of the zero-shot splits, with ids from 0 of their own."""
        if args.zero_shot is None:
            return
        folder = None if args.zero_shot == OWN_NAMES else args.zero_shot
        splits = zero_shot_classes(folder, plan.labels)
        for number, names in enumerate(splits, start=1):
            start = f'zero_shot_split_{number}'
            plan.texts[f'{start}_labels.txt'] = names
            ids = {normalize_name(name): index for index, name in enumerate(names)}
            for part in ('val', 'test'):
                if part in args.splits:
                    videos = listed_videos(clips[part], ids)
                    file = f'kinetics600_{start}_{part}_{{kind}}.txt'
                    plan.lists.append(VideoList(file, videos, test=True, split=f'_{part}'))


if __name__ == '__main__':
    run_tool(lambda: run(Kinetics600()))
