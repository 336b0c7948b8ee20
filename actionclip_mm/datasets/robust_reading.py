"""Data sets that survive unreadable videos, and report them."""

import gc
import logging
import os.path as osp
from abc import abstractmethod
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import numpy as np
from mmaction.datasets import BaseActionDataset
from mmengine.dataset import BaseDataset
from mmengine.logging import print_log

from ..decoding import UnreadableVideo
from ..utils.annotation_lists import NO_LABEL, Line, check_inside, many_labels_each, one_label_each
from .bad_videos import BadVideos
from .sample_seeds import SampleSeeds
from .transforms.video_loading import VideoInit

SHOWN = 50  # paths in the error that ends a run; the log has all of them
# arguments of the base class that have no effect here
REPLACED = dict(
    max_refetch='max_bad_ratio says how many videos may be unreadable',
    filter_cfg='drop lines from the list itself',
)


class TooManyBadVideos(RuntimeError):
    """More training videos are unreadable than ``max_bad_ratio`` allows."""


class RobustReading(BaseActionDataset):
    """Mixin for data sets that survive unreadable videos; list it before mmaction2's class.

    A video is unreadable if the pipeline raises or returns None, twice. In training it is replaced
    by another video that shares a label (by any, if none does), logged, and not tried again in this
    run. In testing a black video takes its place and its data sample is marked ``undecodable``, so
    that :class:`CompleteEvaluator` counts it as wrong. A pipeline that fails on a black video too
    is at fault itself and stops the run.

    Each data sample has ``sample_idx`` and ``filename`` among its metainfo.

    Args:
        *args: As in mmaction2's class.
        max_bad_ratio: Share of the different videos of a training list that may be unreadable; one
            is always allowed unless this is 0. Defaults to 0.01.
        allow_outside: Whether paths of the list may lead out of ``data_prefix``. Defaults to False.
        **kwargs: As in mmaction2's class.

    Raises:
        FileNotFoundError: No list, or no folder ``data_prefix``.
        ValueError: A malformed line, or an argument without effect.
        TooManyBadVideos: In training.
    """

    def __init__(
        self, *args: Any, max_bad_ratio: float = 0.01, allow_outside: bool = False, **kwargs: Any
    ) -> None:
        for name, instead in REPLACED.items():
            if kwargs.get(name) is not None:
                raise ValueError(f'{type(self).__name__} has no {name}: remove it; {instead}.')
        if not 0 <= max_bad_ratio <= 1:
            raise ValueError(f'max_bad_ratio must be in [0, 1], got {max_bad_ratio}.')
        self.max_bad_ratio = max_bad_ratio
        self.allow_outside = allow_outside
        self._pipeline_works = False
        self._seeds = SampleSeeds()
        super().__init__(*args, **kwargs)
        for transform in self.pipeline.transforms:
            if isinstance(transform, VideoInit):
                transform.keep_indexes_for(self.ann_file)

    @abstractmethod
    def stand_in(self, info: dict) -> AbstractContextManager[dict]:
        """Annotation of a black video that exists within the block."""

    def full_init(self) -> None:
        """Read the list."""
        if not self._fully_initialized:
            with paused_garbage_collection():
                super().full_init()
            if not self.serialize_data:
                self._count(self.data_list)

    def _serialize_data(self) -> tuple[np.ndarray, np.ndarray]:
        self._count(self.data_list)  # reading them back takes longer than reading the list
        return super()._serialize_data()

    def set_epoch(self, seed: int, epoch: int, repeats: bool = False) -> None:
        """Seed training samples, see SampleSeeds."""
        self._seeds.set_epoch(seed, epoch, repeats)

    def get_subset_(self, indices: Sequence[int] | int) -> None:
        """As in mmengine."""
        super().get_subset_(indices)
        self._count_anew()

    def get_subset(self, indices: Sequence[int] | int) -> BaseDataset:
        """As in mmengine."""
        subset = super().get_subset(indices)
        subset._count_anew()  # noqa: SLF001
        return subset

    def get_cat_ids(self, idx: int) -> list[int]:
        """Class ids of a video, none if unlabelled."""
        return _labels_of(BaseDataset.get_data_info(self, idx))  # not the multi-hot vector

    def prepare_data(self, idx: int) -> dict:
        """Sample of the pipeline, never None."""
        return self._test_sample(idx) if self.test_mode else self._train_sample(idx)

    def _test_sample(self, idx: int) -> dict:
        try:
            return self._sample(idx)
        except UnreadableVideo as error:
            self._log(f'{error} - tested as a black video and counted as wrong')
            return self._black_sample(idx, error)

    def _train_sample(self, idx: int) -> dict:
        self._seeds.seed(idx)
        for line in self._candidates(idx):
            if line not in self.bad:
                try:
                    return self._sample(line)
                except UnreadableVideo as error:
                    self._note(line, error)
        raise TooManyBadVideos(f'No video of {self.ann_file} can be read.')

    def _candidates(self, idx: int) -> Iterator[int]:
        """A line, then those that share a label with it, then all, in random order.

        Bad ones are included and the random state is reset for each: the resulting sample must not
        depend on which bad videos this process has met so far.
        """
        yield idx
        for lines in (self.bad.lines_with(self.get_cat_ids(idx)), len(self)):
            self._seeds.again()
            for line in np.random.permutation(lines).tolist():
                self._seeds.again()
                yield line

    def _note(self, idx: int, error: UnreadableVideo) -> None:
        if not self._pipeline_works:
            self._black_sample(idx, error)
        self.bad.mark(idx)
        count, total = self.bad.count, self.bad.total
        others = 'others of its class replace it'
        if all(line in self.bad for line in self.bad.lines_with(self.get_cat_ids(idx))):
            others = 'no other video shares a label with it, so any replace it'
        self._log(
            f'{error} - {others} for the rest of this run; {count} of {total} videos of '
            f'{self.ann_file} are unreadable so far'
        )
        if count > self.bad.allowed:
            names = [_name(BaseDataset.get_data_info(self, line)) for line in self.bad.lines()]
            more = [f'and {count - SHOWN} more, see the log'] if count > SHOWN else []
            raise TooManyBadVideos(
                f'{count} of {total} videos of {self.ann_file} cannot be read and '
                f'max_bad_ratio={self.max_bad_ratio} allows {self.bad.allowed}: repair these '
                'files, remove them from the list, or raise max_bad_ratio:\n'
                + '\n'.join([*names[:SHOWN], *more])
            ) from error

    def _sample(self, idx: int) -> dict:
        """Result of the pipeline, in at most two attempts."""
        try:
            try:
                return self._attempt(self.get_data_info(idx))
            except Exception:
                self._seeds.again()
                return self._attempt(self.get_data_info(idx))
        except MemoryError:
            raise
        except Exception as error:
            name = _name(BaseDataset.get_data_info(self, idx))
            raise UnreadableVideo(f'{name}: {_reason(error, name)}') from error

    def _attempt(self, info: dict, **metainfo: Any) -> dict:
        metainfo = dict(sample_idx=info['sample_idx'], filename=_name(info)) | metainfo
        if info.get('total_frames') == 0:
            raise UnreadableVideo('it has no frames')
        epoch = None if self.test_mode else self._seeds.epoch
        data = self.pipeline(info if epoch is None else {**info, 'epoch': epoch})
        if data is None:
            raise UnreadableVideo('the pipeline returned None')
        if 'data_samples' in data:
            data['data_samples'].set_metainfo(metainfo)
        self._pipeline_works = True
        return data

    def _black_sample(self, idx: int, error: UnreadableVideo) -> dict:
        info = self.get_data_info(idx)
        name = _name(info)
        metainfo = dict(filename=name, undecodable=_reason(error, name))
        try:
            with self.stand_in(info) as black:
                return self._attempt({**black, 'stand_in': True}, **metainfo)
        except Exception as second:
            raise RuntimeError(
                f'The pipeline of {self.ann_file} fails on a black video too '
                f'({_reason(second)}), so the files are not at fault: fix the pipeline. '
                f'First seen at {error}.'
            ) from error

    def _count_anew(self) -> None:
        if not self.test_mode:
            self._count([BaseDataset.get_data_info(self, idx) for idx in range(len(self))])

    def _count(self, infos: list[dict]) -> None:
        if not self.test_mode:
            labels = [_labels_of(info) for info in infos]
            self.bad = BadVideos([_name(info) for info in infos], labels, self.max_bad_ratio)

    def _labels(self, lines: list[Line], labels: list[list[int]]) -> list:
        """Label of each line, or the list of its labels."""
        if not self.multi_class:
            return one_label_each(lines, labels)
        if self.num_classes is None:
            raise ValueError('multi_class=True needs the number of classes: set num_classes.')
        return many_labels_each(lines, labels, self.num_classes)

    def _paths(self, lines: list[Line], key: str) -> list[str]:
        """Path of each line below ``data_prefix``."""
        folder = self.data_prefix.get(key)
        if folder is None:
            raise ValueError(f'data_prefix={self.data_prefix} has no {key!r}: set the folder.')
        if folder and '://' not in folder and not osp.isdir(folder):
            raise FileNotFoundError(f"No such folder: '{folder}'; set data_prefix.{key}.")
        if not self.allow_outside:
            for line in lines:
                check_inside(line.place, line.path, folder)
        if self.test_mode:
            counts = Counter(line.path for line in lines)
            several = [path for path, count in counts.items() if count > 1]
            if several:
                self._log(
                    f'{self.ann_file} lists {len(several)} videos more than once, and each line is '
                    f'tested: {", ".join(several[:5])}'
                )
        start = osp.join(folder, '')
        return [
            # as osp.join, which takes a third of the time of reading a list
            start + path if path[0].isalnum() and ':' not in path else osp.join(folder, path)
            for _, path, *_ in lines
        ]

    def _log(self, message: str) -> None:
        # as an error: processes other than the first show nothing else
        print_log(message, logger='current', level=logging.ERROR)


@contextmanager
def paused_garbage_collection() -> Iterator[None]:
    """Pause the collector: looking for cycles in a growing list takes longer than building it."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _labels_of(info: dict) -> list[int]:
    label = info['label']
    return label if isinstance(label, list) else [label] if label != NO_LABEL else []


def _name(info: dict) -> str:
    return info['filename'] if 'filename' in info else info['frame_dir']


def _reason(error: BaseException, name: str = '') -> str:
    """First line of an error without the video's name, with its type if informative."""
    lines = str(error).strip().splitlines() or ['no message']
    text = lines[0].strip().removeprefix(f'{name}: ')[:300]
    return text if isinstance(error, UnreadableVideo) else f'{type(error).__name__}: {text}'
