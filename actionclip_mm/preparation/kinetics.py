"""Kinetics' layout: annotation files of clips of YouTube, copies that lack some of them.

Videos lie in ``train``, ``val``, ``test`` (or ``videos_train``, …), flat or in class folders, as
``<youtube_id>_<start>_<end>.mp4`` or ``<youtube_id>.mp4``.
"""

import argparse
from collections import Counter
from pathlib import Path

from ..utils import normalize_name
from .base import OPTIONS, ListedVideo, Plan, Preparation, VideoList
from .kinetics_files import CLIP, Clip, read_clips
from .kinetics_zero_shot import OPTION, zero_shot_classes
from .reading import find_file

FOLDER_NAMES = {'val': ('val', 'validate', 'validation')}  # of copies made by different tools

CARRIED_NAMES = Path()  # --zero-shot without a folder


class KineticsPreparation(Preparation):
    """A data set of the Kinetics family.

    Videos disappear from YouTube, so every copy lacks others: published numbers are shown next to
    those found and are not binding, and test lists hold what is there.
    """

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Add ``--splits`` and, where there are zero-shot classes, ``--zero-shot``."""
        parts = self.benchmark.parts
        parser.add_argument(
            '--splits', nargs='+', choices=parts, default=parts, help='parts; default: all'
        )
        if self.benchmark.zero_shot:
            parser.add_argument(
                OPTION,
                type=Path,
                nargs='?',
                const=CARRIED_NAMES,
                metavar='ZSL220',
                help='also write the zero-shot splits; a folder zsl220 is checked against them',
            )

    def split_folder(self, root: Path, split: str, kind: str) -> Path:
        """``train`` or ``videos_train`` in the given folder."""
        part = split.removeprefix('_')
        names = (f'{kind}{split}', *FOLDER_NAMES.get(part, (part,)))
        for name in names:
            if (root / name).is_dir():
                return root / name
        raise FileNotFoundError(
            f"'{root}' has no folder {' or '.join(names)}: give the folder above it as "
            f'{OPTIONS[kind]}, or select other parts with --splits.'
        )

    def replacement_folders(self, root: Path, kind: str) -> list[Path]:
        """``replacement…`` next to ``train``: CVDF's replacements for corrupted videos."""
        if kind != 'videos':
            return []
        return sorted(path for path in root.glob('replacement*') if path.is_dir())

    def key(self, path: str) -> str:
        """YouTube id, with the seconds if the name has them; folders do not count."""
        name = path.rpartition('/')[2]
        match = CLIP.fullmatch(name)
        return f'{match["id"]} {int(match["start"])}-{int(match["end"])}' if match else name

    def read(self, args: argparse.Namespace) -> Plan:
        """Read the annotation files of the parts asked for, and of the others that are there."""
        benchmark, plan = self.benchmark, Plan()
        clips: dict[str, list[Clip]] = {}
        for part in benchmark.parts:
            try:
                names, source = self._file_names(part), benchmark.annotation_archive
                path = find_file(args.annotations, *names, source=source)
                clips[part] = self._read_part(path, plan)
            except (FileNotFoundError, ValueError) as error:
                if part in args.splits:
                    raise
                if isinstance(error, ValueError):  # CVDF's test.csv has no labels
                    plan.notes.append(f'The annotations of {part} were not read: {error}')
        plan.labels = self._class_names(clips, plan)
        ids = {normalize_name(name): index for index, name in enumerate(plan.labels)}
        for part in args.splits:
            unknown = Counter(
                clip.label for clip in clips[part] if normalize_name(clip.label) not in ids
            )
            plan.problems += [
                f"{part}: unknown class '{label}' of {count} clips, skipped"
                for label, count in sorted(unknown.items())
            ]
            listed = benchmark.get_list(f'{benchmark.name}_{part}_list')
            plan.lists.append(VideoList(listed, listed_videos(clips[part], ids)))
        if getattr(args, 'zero_shot', None) is not None:
            self._add_zero_shot(args, plan, clips)
        return plan

    def _file_names(self, part: str) -> tuple[str, ...]:
        stem, name = 'validate' if part == 'val' else part, self.benchmark.name
        return (
            f'{part}.txt',  # CVDF's of Kinetics-600, whose CSV files are incomplete
            f'{part}.csv',
            f'{stem}.csv',
            f'{name}_{part}.csv',
            f'kinetics_{part}.csv',
            f'{name}_{part}_list_videos.txt',  # mmaction2's copies
        )

    def _read_part(self, path: Path, plan: Plan) -> list[Clip]:
        clips: dict[str, Clip] = {}
        for number, row, clip in read_clips(path):
            where = f'{path.name} line {number}'
            if clip is None:
                plan.problems.append(f'{where}: {row or "another number of fields"}; row skipped')
            elif clip.name in clips:
                before = clips[clip.name].label
                plan.problems.append(
                    f"{where}: {clip.name} repeated ('{before}', '{clip.label}'), kept once"
                )
            else:
                clips[clip.name] = clip
        if not clips:
            raise ValueError(f"'{path}' has no usable clip: give the official file.")
        return list(clips.values())

    def _class_names(self, clips: dict[str, list[Clip]], plan: Plan) -> list[str]:
        """The published names if they are known, else those of all annotation files; sorted.

        Kinetics-400's are also torchvision's, in its order.
        """
        labels = sorted({clip.label for part in clips.values() for clip in part})
        published = {normalize_name(name): name for name in self.benchmark.class_names}
        names = dict(sorted(published.items(), key=lambda item: item[1]))
        for label in labels:
            key = normalize_name(label)
            if not published:
                names.setdefault(key, label)
            if label != names.get(key, label):
                plan.notes.append(
                    f"The annotations write '{label}'; labels.txt has '{names[key]}'."
                )
        absent = names.keys() - set(map(normalize_name, labels))
        plan.notes += [f"No clip is of the class '{n}'." for k, n in names.items() if k in absent]
        return sorted(names.values())

    def _add_zero_shot(
        self, args: argparse.Namespace, plan: Plan, clips: dict[str, list[Clip]]
    ) -> None:
        """Add lists and class names of the zero-shot splits, with ids of their own from 0."""
        folder = None if args.zero_shot == CARRIED_NAMES else args.zero_shot
        splits = zero_shot_classes(self.benchmark, folder, plan.labels)
        for index, names in enumerate(splits):
            ids = {normalize_name(name): label for label, name in enumerate(names)}
            for part, pool in sorted(self.benchmark.zero_shot.items(), reverse=True):
                plan.texts[pool[index].labels] = names
                if part in args.splits:
                    plan.lists.append(VideoList(pool[index], listed_videos(clips[part], ids)))


def listed_videos(clips: list[Clip], ids: dict[str, int]) -> list[ListedVideo]:
    """Clips whose class has an id.

    Args:
        clips: Clips of one part.
        ids: Normalized class name -> id.
    """
    counts = Counter(clip.youtube_id for clip in clips)
    videos = []
    for clip in clips:
        if normalize_name(clip.label) in ids:
            # a file named by the id alone is this clip only if no other one has the id
            by_id = (clip.youtube_id,) if counts[clip.youtube_id] == 1 else ()
            label = str(ids[normalize_name(clip.label)])
            videos.append(ListedVideo(f'{clip.name}.mp4', label, (clip.key, *by_id)))
    return videos
