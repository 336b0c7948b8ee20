"""Writes the annotation lists of Kinetics-400 from its own files.

    python tools/data/kinetics400/prepare.py --videos k400 --annotations k400/annotations

Videos: k400/train and k400/val (or videos_train, videos_val), either flat or in folders of classes,
named <youtube_id>_<start>_<end>.mp4 or <youtube_id>.mp4. Annotations: train.csv and val.csv with
the columns label,youtube_id,time_start,time_end.
"""

import sys
from pathlib import Path

sys.path += map(str, Path(__file__).resolve().parents[2:4])  # of what is not installed

from _entry import run_tool

# isort: split
from actionclip_mm.preparation import Plan, run
from actionclip_mm.preparation.kinetics import Clip, KineticsPreparation
from actionclip_mm.utils import normalize_name


class Kinetics400(KineticsPreparation):
    """Kinetics-400 (Kay et al., arXiv 1705.06950).

    Sizes: rows of the official CSV files; for val also the copies that published results were
    measured on (ActionCLIP 19,357; Text4Vis and BIKE 19,796; ViFi-CLIP and TC-CLIP 19,877).
    """

    name = 'kinetics400'
    title = 'Kinetics-400'
    classes = 400
    parts = ('train', 'val')
    sizes = {
        'kinetics400_train_list': (246534,),
        'kinetics400_val_list': (19906, 19877, 19796, 19357),
    }
    annotations_help = 'folder of train.csv and val.csv'

    def class_names(self, clips: dict[str, list[Clip]], plan: Plan) -> list[str]:
        """The 400 names in alphabetical order, as torchvision has them for its Kinetics models."""
        from torchvision.models._meta import _KINETICS400_CATEGORIES

        names = {normalize_name(name): name for name in sorted(_KINETICS400_CATEGORIES)}
        labels = sorted({clip.label for part in clips.values() for clip in part})
        plan.notes += [
            f"The CSV files write '{label}'; labels.txt has '{names[normalize_name(label)]}'."
            for label in labels
            if normalize_name(label) in names and label != names[normalize_name(label)]
        ]
        present = {normalize_name(label) for label in labels}
        plan.notes += [
            f"No clip is of the class '{name}'."
            for short, name in names.items()
            if short not in present
        ]
        return list(names.values())


if __name__ == '__main__':
    run_tool(lambda: run(Kinetics400()))
