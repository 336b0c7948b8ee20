"""From a protocol and the files of a data set to the videos and classes of each part."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from ..models.text import read_labels
from .annotations import (
    Entry,
    check_labels,
    hash_labels,
    hash_list,
    read_entries,
    read_label_sets,
    restrict,
    to_lines,
)
from .class_choices import AllClasses, find_base_classes
from .few_shot_sampler import draw_shots, match_published
from .protocol import Protocol, Run, Videos


@dataclass(frozen=True)
class Choices:
    """What a user may decide within a protocol.

    Attributes:
        nested: Whether draws of fewer shots are part of draws of more.
        train_list: Published training list that replaces the draw.
        base_labels: Published names of the base classes that replace the rule.
    """

    nested: bool = False
    train_list: Path | None = None
    base_labels: Path | None = None


@dataclass(frozen=True)
class Material:
    """The videos of one part, ready to be written.

    Attributes:
        names: Class names in the order of the new ids.
        lines: Annotations with the new ids.
        folder: Where the videos are.
        rule: Which classes these are.
        source: Where the list comes from.
        published_size: As in :class:`Videos`.
    """

    names: tuple[str, ...]
    lines: tuple[str, ...]
    folder: Path
    rule: str
    source: str
    published_size: int | None = None

    def classes_for_card(self) -> dict:
        return dict(count=len(self.names), sha256=hash_labels(self.names), rule=self.rule)

    def list_for_card(self) -> dict:
        return dict(count=len(self.lines), sha256=hash_list(self.lines))


@dataclass(frozen=True)
class DataFolder:
    """The files of one data set.

    Attributes:
        root: ``data/<dataset>``.
        protocol: What they are read for.
        rawframes: Whether the model reads folders of frames; lists and folders have other names.
    """

    root: Path
    protocol: Protocol
    rawframes: bool = False

    def find(self, name: str) -> Path:
        """The path of a file or folder.

        Raises:
            FileNotFoundError: With the tool that makes it.
        """
        if self.rawframes:
            name = name.replace('videos', 'rawframes')
        path = self.root / name
        if not path.exists():
            dataset = self.protocol.dataset
            tool = 'generate' if dataset == 'mini' else 'prepare'
            raise FileNotFoundError(
                f"{self.protocol.id} needs '{path}', which is not there: make it with "
                f'`python tools/data/{dataset}/{tool}.py`, or set --data-root.'
            )
        return path.resolve()

    def names(self, labels: str) -> tuple[str, ...]:
        return read_labels(str(self.find(labels)), split_names=False)

    def entries(self, videos: Videos) -> list[Entry]:
        """All lists of a part as one, with labels checked against the names."""
        num_classes = len(self.names(videos.labels))
        entries: list[Entry] = []
        for name in videos.lists:
            path = self.find(name)
            new = _entries(path, self.rawframes, path.stat().st_mtime_ns)
            check_labels(new, num_classes, f"'{path}'")
            entries += new
        if len({entry.name for entry in entries}) != len(entries):
            raise ValueError(f'{" and ".join(videos.lists)} share videos: prepare the lists again.')
        return entries

    def test(self, run: Run, part: str, choices: Choices) -> Material:
        """The videos that a part is tested on."""
        videos = run.tests[part]
        if self.protocol.multi_label:
            return self._label_sets(videos)
        ids, names = self._choose(run, videos, choices)
        lines = to_lines(restrict(self.entries(videos), ids))
        return self._material(videos, names, lines, self._rule(videos, choices), 'list')

    def train(self, run: Run, choices: Choices) -> Material:
        """The videos that a run is trained on: all, drawn, or of a published list."""
        videos = run.train
        assert videos is not None, f'{run.name} trains nothing'
        ids, names = self._choose(run, videos, choices)
        entries = restrict(self.entries(videos), ids)
        source = 'all training videos'
        if choices.train_list is not None:
            given = read_entries(choices.train_list)  # published ones are of video files
            entries = match_published(given, entries, videos.shots, str(choices.train_list))
            source = f'given list {choices.train_list.name}'
        elif videos.shots is not None:
            entries = draw_shots(entries, videos.shots, run.seed, names, choices.nested)
            kind = 'nested' if choices.nested else 'independent'
            source = f'{kind} draw of {videos.shots} per class, seed {run.seed}'
        rule = self._rule(videos, choices)
        return self._material(videos, names, to_lines(entries), rule, source)

    def _choose(
        self, run: Run, videos: Videos, choices: Choices
    ) -> tuple[list[int], tuple[str, ...]]:
        names = self.names(videos.labels)
        train: list[Entry] = []
        if videos.classes.counts_videos and choices.base_labels is None and run.train is not None:
            train = self.entries(run.train)
        base = None
        if choices.base_labels is not None:
            given = read_labels(str(choices.base_labels), split_names=False)
            base = find_base_classes(given, names, f"'{choices.base_labels}'")
        ids = videos.classes.choose(len(names), train, base)
        return ids, tuple(names[index] for index in ids)

    def _rule(self, videos: Videos, choices: Choices) -> str:
        if choices.base_labels is None or isinstance(videos.classes, AllClasses):
            return videos.classes.rule
        part = videos.classes.rule.split(':')[0]
        return f'{part}: base classes of the given list {choices.base_labels.name}'

    def _label_sets(self, videos: Videos) -> Material:
        """Multi-label lists, of which no class is left out."""
        names = self.names(videos.labels)
        lines: list[str] = []
        for name in videos.lists:
            lines += read_label_sets(self.find(name), len(names), self.rawframes)
        return self._material(videos, names, lines, AllClasses.rule, 'list')

    def _material(
        self, videos: Videos, names: Sequence[str], lines: Sequence[str], rule: str, source: str
    ) -> Material:
        return Material(
            names=tuple(names),
            lines=tuple(lines),
            folder=self.find(videos.folder),
            rule=rule,
            source=source,
            published_size=videos.published_size,
        )


@lru_cache(maxsize=4)
def _entries(path: Path, rawframes: bool, changed: int) -> tuple[Entry, ...]:
    """A list that several runs read; the large ones take seconds."""
    return tuple(read_entries(path, rawframes))
