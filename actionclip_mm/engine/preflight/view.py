"""Views of a run for checks: loops, loaders, annotations, head."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from mmaction.registry import MODELS
from mmengine.config import Config
from mmengine.dataset import BaseDataset
from mmengine.dist import get_world_size
from torch import nn

from ...models.text import read_labels
from ...utils.annotation_lists import NO_LABEL
from ...utils.wrapped_datasets import innermost_datasets
from ..hooks.label_switch_hook import LabelSwitchHook


class Finding(NamedTuple):
    """Result of a check, in one sentence."""

    text: str
    refused: bool


def refuse(text: str) -> Finding:
    """A finding that stops the run."""
    return Finding(text, refused=True)


def warn(text: str) -> Finding:
    """A finding that is logged."""
    return Finding(text, refused=False)


@dataclass
class Annotations:
    """Annotations of one data set, read once for all checks.

    Attributes:
        dataset: The data set.
        labels: Label of each sample: an id, a list of ids, a multi-hot vector, or None.
        names: Video or folder of each sample, or None.
        several: Whether samples have several labels.
    """

    dataset: BaseDataset

    def __post_init__(self) -> None:
        self.dataset.full_init()
        self.labels: list[Any] = []
        self.names: list[str | None] = []
        for index in range(len(self.dataset)):
            info = self.info(index)  # not kept: may hold skeletons
            self.labels.append(info.get('label'))
            self.names.append(_name(info))
        self.several = any(label is not None and not is_id(label) for label in self.labels)

    def __len__(self) -> int:
        return len(self.labels)

    def info(self, index: int) -> dict:
        """The raw annotation; the data set's own method fails for ids out of range."""
        return BaseDataset.get_data_info(self.dataset, index)

    @property
    def place(self) -> str:
        """Name of the list, for messages."""
        return str(getattr(self.dataset, 'ann_file', '') or type(self.dataset).__name__)

    def sample(self, index: int) -> str:
        """Name of a sample, for messages."""
        name, number = self.names[index], f'{index + 1} of {len(self)} in {self.place}'
        return f"'{name}' ({number})" if name else f'Sample {number}'

    def class_ids(self, index: int) -> list[int]:
        """Class ids of a sample; empty without a label."""
        label = self.labels[index]
        if label is None:
            return []
        if is_id(label):
            return [] if int(label) == NO_LABEL else [int(label)]
        if getattr(self.dataset, 'multi_class', False):  # lists of ids, as in mmaction2
            return [int(number) for number in label]
        return [number for number, value in enumerate(label) if value > 0]

    @cached_property
    def unlabelled(self) -> list[int]:
        """Indices of the samples without a label."""
        return [index for index in range(len(self)) if not self.class_ids(index)]


@dataclass
class LoopView:
    """A loop with its loader, annotations and metrics.

    Attributes:
        name: ``'train'``, ``'val'`` or ``'test'``.
        loop: The loop of mmengine.
        num_classes: C of the head in this loop; None if unknown.
        class_names: Names of these classes in id order; None if unknown.
    """

    name: str
    loop: Any
    num_classes: int | None
    class_names: tuple[str, ...] | None = None

    @property
    def loader(self) -> Any:
        return self.loop.dataloader

    @property
    def metrics(self) -> list[Any]:
        """Metrics of its evaluator."""
        return list(getattr(getattr(self.loop, 'evaluator', None), 'metrics', []))

    @cached_property
    def annotations(self) -> list[Annotations]:
        """Annotations of its data sets."""
        dataset = getattr(self.loader, 'dataset', None)
        return [Annotations(inner) for inner in innermost_datasets(dataset)]

    @property
    def size(self) -> int | None:
        """Number of samples; None for a stream."""
        try:
            return len(self.loader.dataset)
        except (TypeError, AttributeError):
            return None

    @property
    def batch_size(self) -> int:
        """Batch size of one process."""
        batches = getattr(self.loader, 'batch_sampler', None)
        return int(getattr(batches, 'batch_size', None) or self.loader.batch_size or 1)

    @property
    def drop_last(self) -> bool:
        batches = getattr(self.loader, 'batch_sampler', None)
        return bool(
            getattr(batches, 'drop_last', False) or getattr(self.loader, 'drop_last', False)
        )


class RunView:
    """A run that is about to start.

    Args:
        runner: mmengine's ``Runner`` or ``FlexibleRunner``, with its loops built.
        stage: ``'train'``, ``'val'`` or ``'test'``.
    """

    def __init__(self, runner: Any, stage: str) -> None:
        self.runner = runner
        self.stage = stage
        self.cfg: Config = getattr(runner, 'cfg', None) or Config()
        self.world_size = get_world_size()
        self.head = _head_view(runner, self.cfg)
        loops = ('train', 'val') if stage == 'train' else (stage,)
        self.loops: dict[str, LoopView] = {}
        for name in loops:
            loop = getattr(runner, f'_{name}_loop', None)
            if hasattr(loop, 'dataloader'):
                self.loops[name] = LoopView(name, loop, *self._classes(name))

    @property
    def train(self) -> LoopView | None:
        return self.loops.get('train')

    @property
    def evaluations(self) -> Iterator[LoopView]:
        """Validation and test loops."""
        return (loop for name, loop in self.loops.items() if name != 'train')

    @property
    def val(self) -> LoopView | None:
        return self.loops.get('val')

    @property
    def local_processes(self) -> int:
        """Processes of this machine."""
        return int(os.environ.get('LOCAL_WORLD_SIZE') or self.world_size)

    def hooks(self, kind: type) -> list[Any]:
        """Hooks of a class."""
        return [hook for hook in getattr(self.runner, 'hooks', ()) if isinstance(hook, kind)]

    def _classes(self, loop: str) -> tuple[int | None, tuple[str, ...] | None]:
        """Number and names of the head's classes in a loop; hooks may switch them."""
        for hook in self.hooks(LabelSwitchHook):
            labels = getattr(hook, loop, None) if loop != 'train' else None
            if labels is not None:
                names = tuple(read_labels(labels))
                return len(names), names
        return self.head.num_classes, self.head.class_names


class HeadView(NamedTuple):
    """Properties of the head; None if unknown."""

    num_classes: int | None = None
    multi_class: bool = False
    average_clips: str | None = 'unknown'
    loss: Any = None  # the module, or its class if the model is not built yet
    class_names: tuple[str, ...] | None = None

    @property
    def loss_name(self) -> str:
        return self.loss.__name__ if isinstance(self.loss, type) else type(self.loss).__name__


def _head_view(runner: Any, cfg: Config) -> HeadView:
    model: Any = getattr(runner, 'model', None)
    while not hasattr(model, 'cls_head') and isinstance(getattr(model, 'module', None), nn.Module):
        model = model.module
    model = getattr(model, 'module', model)
    if isinstance(model, dict):  # FlexibleRunner builds it at the start of training
        return _configured_head(model.get('cls_head') or {})
    head = getattr(model, 'cls_head', None)
    classes = getattr(head, 'num_classes', None)
    return HeadView(
        classes if isinstance(classes, int) else None,
        bool(getattr(head, 'multi_class', False)),
        getattr(head, 'average_clips', 'unknown'),
        getattr(head, 'loss_cls', None),
        getattr(getattr(head, 'label_encoder', None), 'labels', None),
    )


def _configured_head(head: dict) -> HeadView:
    labels = (head.get('label_encoder') or {}).get('labels')
    names = None if labels is None else tuple(read_labels(labels))
    classes = head.get('num_classes') if names is None else len(names)
    loss = head.get('loss_cls') or {}
    default = 'VideoTextKLLoss' if head.get('type') == 'VideoTextHead' else None
    name = loss.get('type', default)
    return HeadView(
        classes,
        bool(head.get('multi_class', False)),
        head.get('average_clips', 'prob' if labels is not None else 'unknown'),
        MODELS.get(name) if isinstance(name, str) else name,
        names,
    )


def is_id(label: Any) -> bool:
    """Whether a label is a single number: an int, or a 0-D array or tensor."""
    return not hasattr(label, '__len__') or getattr(label, 'ndim', 1) == 0


def _name(info: dict) -> str | None:
    return next((info[key] for key in ('filename', 'frame_dir', 'audio_path') if key in info), None)
