"""Turn a protocol and the files of a data set into the videos and classes of each part."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from ..benchmarks import published_lists
from ..benchmarks.identity import hash_names, hash_videos, video_id
from ..utils.label_names import read_labels
from .card import ClassFacts, ListFacts
from .classes import AllClasses, Chosen, GivenClasses, find_base_classes
from .lists import (
    Entry,
    LabelledVideo,
    check_labels,
    draw_shots,
    hash_labels,
    hash_list,
    match_published,
    read_entries,
    read_label_sets,
    restrict,
    to_lines,
)
from .protocol import Protocol, Run, Videos
from .request import missing


@dataclass(frozen=True)
class Choices:
    """Options that a protocol leaves to the user.

    Attributes:
        nested: Whether draws of more shots contain those of fewer.
        train_list: Published training list that replaces the draw.
        base_labels: File of published base classes that replaces the rule.
    """

    nested: bool = False
    train_list: Path | None = None
    base_labels: Path | None = None


@dataclass(frozen=True)
class Material:
    """Videos and classes of one part, ready to be written.

    Attributes:
        names: Class names in the order of the new ids.
        lines: Annotation lines with the new ids.
        folder: Folder of the videos.
        rule: How the classes were chosen.
        source: Where the list comes from.
        identity: :func:`~actionclip_mm.benchmarks.identity.hash_videos` of the list.
        published: As in :class:`Videos`.
    """

    names: tuple[str, ...]
    lines: tuple[str, ...]
    folder: Path
    rule: str
    source: str
    identity: str = ''
    published: tuple[str, ...] = ()

    def class_facts(self) -> ClassFacts:
        """The classes, for the card."""
        identity = hash_names(self.names)
        found = [name for name in self.published if published_lists()[name].classes == identity]
        return ClassFacts(
            count=len(self.names),
            sha256=hash_labels(self.names),
            identity=identity,
            published=found[0] if found else None,
            rule=self.rule,
        )

    def list_facts(self) -> ListFacts:
        """The list, for the card."""
        found = [name for name in self.published if published_lists()[name].videos == self.identity]
        return ListFacts(
            count=len(self.lines),
            sha256=hash_list(self.lines),
            identity=self.identity,
            published=found[0] if found else None,
        )


@dataclass(frozen=True)
class DataFolder:
    """The files of one data set.

    Attributes:
        root: ``data/<dataset>``.
        protocol: The protocol that needs them.
        rawframes: Whether the model reads extracted frames, whose lists and folders have other
            names.
    """

    root: Path
    protocol: Protocol
    rawframes: bool = False

    def find(self, name: str) -> Path:
        """Absolute path of a file or folder.

        Raises:
            FileNotFoundError: Names the command that makes it.
        """
        path = self.root / name
        if not path.exists():
            raise FileNotFoundError(missing(self.protocol, path))
        return path.resolve()

    def names(self, videos: Videos) -> tuple[str, ...]:
        """Class names in id order."""
        return read_labels(str(self.find(videos.lists[0].labels)), split_names=False)

    def entries(self, videos: Videos) -> list[Entry]:
        """Read all lists of a part as one and check their labels against the class names."""
        num_classes = len(self.names(videos))
        entries: list[Entry] = []
        for listed in videos.lists:
            path = self.find(listed.file_name(self.rawframes))
            new = _entries(path, self.rawframes, path.stat().st_mtime_ns)
            check_labels(new, num_classes, f"'{path}'")
            entries += new
        if len({entry.name for entry in entries}) != len(entries):
            names = ' and '.join(listed.name for listed in videos.lists)
            raise ValueError(f'{names} have videos in common: prepare the lists again.')
        return entries

    def test(self, run: Run, part: str, choices: Choices) -> Material:
        """Test videos of a part."""
        videos = run.tests[part]
        if self.protocol.benchmark.multi_label:
            return self._label_sets(videos)
        chosen = self._choose(run, videos, choices)
        entries = restrict(self.entries(videos), chosen.ids)
        return self._material(videos, chosen, entries, 'list')

    def train(self, run: Run, choices: Choices) -> Material:
        """Training videos of a run: all, drawn, or those of a published list."""
        videos = run.train
        assert videos is not None, f'{run.name} does not train'
        every = self.entries(videos)
        chosen = self._choose(run, videos, choices)
        entries = restrict(every, chosen.ids)
        source = 'all training videos'
        if choices.train_list is not None:
            given = read_entries(choices.train_list)  # published lists are of video files
            _check_classes(given, every, chosen, self.names(videos), choices.train_list)
            entries = match_published(given, entries, videos.shots, str(choices.train_list))
            source = f'given list {choices.train_list.name}'
        elif videos.shots is not None:
            all_names = self.names(videos)
            names = [all_names[index] for index in chosen.ids]
            entries = draw_shots(entries, videos.shots, run.seed, names, choices.nested)
            kind = 'nested' if choices.nested else 'independent'
            source = f'{kind} draw of {videos.shots} per class, seed {run.seed}'
        return self._material(videos, chosen, entries, source)

    def _choose(self, run: Run, videos: Videos, choices: Choices) -> Chosen:
        names = self.names(videos)
        given = None
        if choices.base_labels is not None:
            listed = read_labels(str(choices.base_labels), split_names=False)
            ids = find_base_classes(listed, names, f"'{choices.base_labels}'")
            given = GivenClasses(ids, choices.base_labels.name)
        train = run.train
        return videos.classes.choose(
            names, lambda: [e.label for e in self.entries(train)] if train else [], given
        )

    def _label_sets(self, videos: Videos) -> Material:
        """Multi-label lists, with all classes."""
        names = self.names(videos)
        found: list[LabelledVideo] = []
        for listed in videos.lists:
            found += read_label_sets(
                self.find(listed.file_name(self.rawframes)), len(names), self.rawframes
            )
        return Material(
            names=names,
            lines=tuple(video.line for video in found),
            folder=self.find(videos.lists[0].folder_name(self.rawframes)),
            rule=AllClasses().choose(names, list, None).rule,
            source='list',
            identity=hash_videos((v.path, [names[i] for i in v.labels]) for v in found),
            published=videos.published,
        )

    def _material(
        self, videos: Videos, chosen: Chosen, entries: Sequence[Entry], source: str
    ) -> Material:
        all_names = self.names(videos)
        names = tuple(all_names[index] for index in chosen.ids)
        return Material(
            names=names,
            lines=tuple(to_lines(entries)),
            folder=self.find(videos.lists[0].folder_name(self.rawframes)),
            rule=chosen.rule,
            source=source,
            identity=hash_videos((entry.name, [names[entry.label]]) for entry in entries),
            published=videos.published,
        )


def _check_classes(
    given: Sequence[Entry],
    train: Sequence[Entry],
    chosen: Chosen,
    names: Sequence[str],
    source: Path,
) -> None:
    """Refuse a published training list that was drawn from other base classes.

    Raises:
        ValueError: Names the first such video and its class.
    """
    labels = {video_id(entry.name): entry.label for entry in train}
    ids = set(chosen.ids)
    found = [(entry.name, labels.get(video_id(entry.name))) for entry in given]
    others = [(name, label) for name, label in found if label is not None and label not in ids]
    if others:
        name, label = others[0]
        raise ValueError(
            f"{len(others)} of {len(given)} videos in '{source}' are not of base classes here (the "
            f"first is '{name}' of class '{names[label]}'; {chosen.rule}): pass the base classes "
            'that the list was drawn from with --base-labels FILE.'
        )


@lru_cache(maxsize=4)
def _entries(path: Path, rawframes: bool, changed: int) -> tuple[Entry, ...]:
    """Read a list once for several runs; large ones take seconds."""
    return tuple(read_entries(path, rawframes))
