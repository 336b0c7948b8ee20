"""Describe a public data set: names, official lists and their sizes, classes, sources, layout.

A descriptor is data. ``actionclip prepare`` reads it to write lists, protocols to find them, cards
to name them. A fact about a data set is defined in its descriptor (or the JSON file next to it) and
nowhere else.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

FOLDER = Path(__file__).parent


class PublishedList(NamedTuple):
    """A list of videos that a project published.

    Attributes:
        name: Its name in this project.
        size: Number of different videos.
        videos: :func:`~.identity.hash_videos` of it.
        classes: :func:`~.identity.hash_names` of the classes that the classifier knows.
        projects: Projects that ship this list.
        source: A file that it was read from.
    """

    name: str
    size: int
    videos: str
    classes: str
    projects: tuple[str, ...]
    source: str


@dataclass(frozen=True)
class AnnotationList:
    """An annotation list as ``actionclip prepare`` writes it into ``data/NAME``.

    ``{kind}`` in names stands for ``videos`` or ``rawframes``.

    Attributes:
        file: File name: ``ucf101_train_split_1_{kind}.txt``.
        folder: Folder of its videos, next to the list.
        labels: File with the class names of its labels, next to the list.
        test: Whether it is for testing: missing videos stay in it and count as wrong.
        published: Names of the published lists it may equal (:attr:`Benchmark.published`); projects
            differ in their copies.
        counts: Further official numbers of videos, of lists without a published hash.
        unlabelled: Number of its videos without a label; multi-label lists only.
        actions: Number of labelled segments in its videos; Charades only.
    """

    file: str
    folder: str = '{kind}'
    labels: str = 'labels.txt'
    test: bool = False
    published: tuple[str, ...] = ()
    counts: tuple[int, ...] = ()
    unlabelled: int | None = None
    actions: int | None = None

    @property
    def name(self) -> str:
        """File name without kind and extension: ``ucf101_train_split_1``."""
        return self.file.removesuffix('.txt').replace('_{kind}', '')

    def file_name(self, rawframes: bool = False) -> str:
        """File name of the list of video files, or of extracted frames."""
        return self.file.format(kind=_kind(rawframes))

    def folder_name(self, rawframes: bool = False) -> str:
        """Folder of the video files, or of the extracted frames."""
        return self.folder.format(kind=_kind(rawframes))


def _kind(rawframes: bool) -> str:
    return 'rawframes' if rawframes else 'videos'


class Split(NamedTuple):
    """A training list and the list its models are tested on."""

    train: AnnotationList
    test: AnnotationList


@dataclass(frozen=True, eq=False)
class Benchmark:
    """A public data set.

    Attributes:
        name: Folder below ``data/``, and the argument of ``actionclip prepare``.
        title: As papers write it.
        num_classes: Number of classes of ``labels.txt``.
        citation: Paper that introduced it.
        layout: Module of ``actionclip_mm.preparation`` that reads the official files.
        videos: Official video archive and its layout.
        annotations: Official annotation files, as a user passes them to ``--annotations``.
        annotation_archive: Download that holds the annotation files.
        splits: Official splits in order; data sets with one list per part have one.
        all_videos: List of all videos, where the data set has one.
        zero_shot: Pool of videos -> lists of zero-shot classes, one per zero-shot split.
        others: Lists that belong to neither.
        parts: Parts whose videos lie in folders of their own (Kinetics), () for one folder.
        fixed_sizes: Whether every copy has the official numbers of videos. Copies of YouTube data
            sets do not.
        multi_label: Whether a video has any number of labels.
        novel_first: Whether Text4Vis and BIKE number the novel classes before the base classes;
            their random halves of the classes depend on that order.
    """

    name: str
    title: str
    num_classes: int
    citation: str = ''
    layout: str = ''
    videos: str = ''
    annotations: str = ''
    annotation_archive: str = ''
    splits: tuple[Split, ...] = ()
    all_videos: AnnotationList | None = None
    zero_shot: Mapping[str, tuple[AnnotationList, ...]] = field(default_factory=dict)
    others: tuple[AnnotationList, ...] = ()
    parts: tuple[str, ...] = ()
    fixed_sizes: bool = True
    multi_label: bool = False
    novel_first: bool = False

    @property
    def is_generated(self) -> bool:
        """Whether ``actionclip prepare`` generates its videos instead of reading official files."""
        return not self.layout

    @property
    def prepare_command(self) -> str:
        """Command line that writes the lists, for messages."""
        return f'actionclip prepare {self.name}'

    def lists(self) -> Iterator[AnnotationList]:
        """All lists of the data set, each once."""
        for split in self.splits:
            yield from split
        if self.all_videos is not None:
            yield self.all_videos
        yield from self.others
        for pool in self.zero_shot.values():
            yield from pool

    def get_list(self, name: str) -> AnnotationList:
        """Return the list of a :attr:`AnnotationList.name`.

        Raises:
            KeyError: The data set has no such list.
        """
        return {each.name: each for each in self.lists()}[name]

    def sizes(self, listed: AnnotationList) -> tuple[int, ...]:
        """Return the official and published numbers of videos of a list, largest first."""
        published = {self.published[name].size for name in listed.published}
        return tuple(sorted({*listed.counts, *published}, reverse=True))

    @cached_property
    def published(self) -> dict[str, PublishedList]:
        """Name -> published list: of splits, halves, base and novel classes, few-shot draws."""
        lists = self._content.get('lists', {})
        return {
            name: PublishedList(name, **{**entry, 'projects': tuple(entry['projects'])})
            for name, entry in lists.items()
        }

    @cached_property
    def base_classes(self) -> tuple[str, ...]:
        """Base classes as ViFi-CLIP published them, in its order; () where there are none."""
        return tuple(self._content.get('base_classes', ()))

    @cached_property
    def novel_classes(self) -> tuple[str, ...]:
        """Novel classes as ViFi-CLIP published them, in its order; () where there are none."""
        return tuple(self._content.get('novel_classes', ()))

    @property
    def class_names(self) -> tuple[str, ...]:
        """Names of all classes as ViFi-CLIP published them, in no order of ids; () if unknown."""
        return self.base_classes + self.novel_classes

    @property
    def published_order(self) -> tuple[str, ...]:
        """Class names in Text4Vis' and BIKE's order, where it differs from ``labels.txt``."""
        return self.novel_classes + self.base_classes if self.novel_first else ()

    @cached_property
    def zero_shot_classes(self) -> tuple[tuple[str, ...], ...]:
        """Class names of each zero-shot split, in alphabetical order."""
        return tuple(map(tuple, self._content.get('zero_shot_classes', ())))

    @cached_property
    def _content(self) -> dict[str, Any]:
        path = FOLDER / f'{self.name}.json'
        return json.loads(path.read_text(encoding='utf-8')) if path.is_file() else {}


def three_splits(
    name: str, train: tuple[int, ...] = (), test: tuple[int, ...] = ()
) -> tuple[Split, ...]:
    """Return splits 1, 2 and 3 of a data set whose test lists are ``NAME_val_split_N``.

    Args:
        name: The data set.
        train: Official numbers of training videos; by default those of the published lists.
        test: Official numbers of test videos; by default those of the published lists.
    """

    def make(ours: str, theirs: str, number: int, counts: tuple[int, ...]) -> AnnotationList:
        return AnnotationList(
            f'{name}_{ours}_split_{number}_{{kind}}.txt',
            test=theirs == 'test',
            published=() if counts else (f'{name}_{theirs}_split_{number}',),
            counts=counts[number - 1 : number],
        )

    return tuple(
        Split(make('train', 'train', number, train), make('val', 'test', number, test))
        for number in (1, 2, 3)
    )
