"""Checks of annotations against the head's classes, and of lists against each other."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from typing import Any

from mmengine.dataset import BaseDataset

from ...utils import normalize_name
from ...utils.annotation_lists import NO_LABEL
from .view import Annotations, Finding, RunView, is_id, refuse, warn


def class_labels(view: RunView) -> Iterator[Finding]:
    """Refuse labels without a class; only tests may lack labels."""
    for name, loop in view.loops.items():
        if loop.num_classes is None:
            continue
        for data in loop.annotations:
            try:
                check_labels(data, loop.num_classes, view.head.multi_class, name == 'test')
                if loop.class_names is not None and not view.head.multi_class:
                    check_class_folders(data, loop.class_names)
                if name == 'train' and getattr(view.head.loss, 'needs_labels', False):
                    check_all_labelled(data, view.head.loss_name)
            except ValueError as error:
                yield refuse(str(error))


def separate_lists(view: RunView) -> Iterator[Finding]:
    """Warn of videos in both the training and the validation list."""
    if view.train is None or view.val is None:
        return
    trained = {name for data in view.train.annotations for name in data.names if name}
    tested = {name for data in view.val.annotations for name in data.names if name}
    both = trained & tested
    if both:
        yield warn(
            f'{len(both)} of {len(tested)} videos of the validation list are also in the training '
            f"list (such as '{min(both)}'): validation metrics will be too good."
        )


def check_labels(
    data: Annotations | BaseDataset,
    num_classes: int,
    multi_class: bool = False,
    may_lack_labels: bool = False,
) -> None:
    """Compare every annotation of a data set with the number of classes.

    Args:
        data: A data set. ``label`` of an annotation is a class id, a list of ids (``multi_class``
            of mmaction2's data sets) or a multi-hot vector [C].
        num_classes: C.
        multi_class: Whether the head is multi-label. Defaults to False.
        may_lack_labels: Whether ``-1`` (no label) is allowed. Defaults to False.

    Raises:
        ValueError: With the annotation file, the video and its label.
    """
    data = data if isinstance(data, Annotations) else Annotations(data)
    dataset = data.dataset
    ids_of_several = bool(getattr(dataset, 'multi_class', False))
    for index, label in enumerate(data.labels):
        single = is_id(label)
        if single and not multi_class and label is not None and 0 <= label < num_classes:
            continue  # the common case
        if label is None or (may_lack_labels and single and int(label) == NO_LABEL):
            continue
        if multi_class != (not single):
            raise ValueError(
                f'{data.sample(index)} has {"one label" if single else "several labels"} but '
                f'cls_head.multi_class={multi_class}: set multi_class of data set and head alike.'
            )
        if multi_class and not ids_of_several:
            _check_length(data.sample(index), len(label), num_classes)
            continue
        if ids_of_several and dataset.num_classes != num_classes:
            raise ValueError(
                f'The data set of {data.place} has num_classes={dataset.num_classes} but '
                f'the head has {num_classes} class names: set both to the same label list.'
            )
        for number in [label] if single else label:
            _check_range(data.sample(index), int(number), num_classes)


def check_class_folders(data: Annotations | BaseDataset, names: Sequence[str]) -> None:
    """Compare labels with the folders of videos, if folders are named after classes.

    Finds a label list with other names but the right number of classes.

    Args:
        data: A data set with one label per video.
        names: Class names in id order.

    Raises:
        ValueError: Most videos of a class's folder have the label of another class.
    """
    data = data if isinstance(data, Annotations) else Annotations(data)
    ids = {normalize_name(name): index for index, name in enumerate(names)}
    found: dict[str, Counter[int]] = defaultdict(Counter)
    for path, label in zip(data.names, data.labels, strict=True):
        if path is not None and label is not None:
            found[PurePosixPath(path).parent.name][int(label)] += 1
    for folder, labels in found.items():
        (label, count), *_ = labels.most_common(1)
        right = ids.get(normalize_name(folder), label)
        if label not in (NO_LABEL, right) and 2 * count > sum(labels.values()):
            raise ValueError(
                f"{count} videos of the folder '{folder}' in {data.place} have label "
                f"{label}, which is '{names[label]}' in the head; the class of that name is "
                f'{right}: set the label list of cls_head to the one of this file.'
            )


def check_all_labelled(data: Annotations | BaseDataset, loss: str) -> None:
    """Refuse multi-label videos without a label, for losses that draw a text of each video.

    Raises:
        ValueError: With the annotation file and the video.
    """
    data = data if isinstance(data, Annotations) else Annotations(data)
    for index, label in enumerate(data.labels):
        if label is not None and not is_id(label) and len(label) == 0:
            raise ValueError(
                f'{data.sample(index)} has no label, but {loss} needs one: remove it from the '
                'list, or set loss_cls to VideoAllTextKLLoss or VideoTextBCELoss.'
            )


def _check_range(place: str, label: int, num_classes: int) -> None:
    if not 0 <= label < num_classes:
        none = ' (-1, no label, is for tests only)' if label == NO_LABEL else ''
        raise ValueError(
            f'{place} has label {label}, but labels of the {num_classes} classes of the head are '
            f'0 to {num_classes - 1}{none}: correct the annotation, or set the label list (or '
            'num_classes) of cls_head to the one of this file.'
        )


def _check_length(place: str, length: Any, num_classes: int) -> None:
    if length != num_classes:
        raise ValueError(
            f'{place} has a label vector of length {length} but the head has {num_classes} '
            'classes: set the label list of cls_head to the one of this file.'
        )


CHECKS = (class_labels, separate_lists)
