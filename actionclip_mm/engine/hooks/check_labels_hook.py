"""Compares annotations with the classes of the head before a run, not in the middle of it."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Any

from mmaction.registry import HOOKS
from mmengine.dataset import BaseDataset
from mmengine.hooks import Hook
from mmengine.runner import Runner

from ...datasets.annotation_lists import NO_LABEL
from ...models.text import read_labels
from ...models.text.label_names import plain
from ...utils import innermost_datasets
from .label_switch_hook import LabelSwitchHook


@HOOKS.register_module()
class CheckLabelsHook(Hook):
    """Refuses to start where a label of the data has no class in the head.

    Without it the run stops at the first batch with such a label, or goes on with wrong scores.
    Before training the validation data is checked too, against the classes of a
    :class:`LabelSwitchHook` if there is one. Heads without ``num_classes`` and data sets without
    ``label`` are left alone; lists of videos without labels may be tested.

    Lists of other classes of the same number would pass all of that. Where videos lie in folders
    named after classes of the head, most videos of a folder must have the label of that class.

    Raises:
        ValueError: A label is out of range, folders and labels name different classes, only one of
            data set and head is multi-label, or a multi-label video for training has no label and
            the loss needs one.
    """

    priority = 'HIGH'  # behind LabelSwitchHook, before anything is computed

    def __init__(self) -> None:
        self._checked: set[tuple[int, int]] = set()

    def before_train(self, runner: Runner) -> None:
        self._check(runner, runner.train_loop, training=True)
        self._check(runner, runner.val_loop, _switched_names(runner))

    def before_val(self, runner: Runner) -> None:
        self._check(runner, runner.val_loop)

    def before_test(self, runner: Runner) -> None:
        self._check(runner, runner.test_loop, may_lack_labels=True)

    def _check(
        self,
        runner: Runner,
        loop: Any,
        names: Sequence[str] | None = None,
        may_lack_labels: bool = False,
        training: bool = False,
    ) -> None:
        head = getattr(getattr(runner.model, 'module', runner.model), 'cls_head', None)
        num_classes = getattr(head, 'num_classes', None) if names is None else len(names)
        if names is None:
            names = getattr(getattr(head, 'label_encoder', None), 'labels', None)
        if not isinstance(num_classes, int):
            return
        for dataset in innermost_datasets(
            getattr(getattr(loop, 'dataloader', None), 'dataset', None)
        ):
            if (id(dataset), num_classes) not in self._checked:
                multi_class = bool(getattr(head, 'multi_class', False))
                check_labels(dataset, num_classes, multi_class, may_lack_labels)
                if names is not None and not multi_class:
                    check_class_folders(dataset, names)
                if training and getattr(getattr(head, 'loss_cls', None), 'needs_labels', False):
                    check_all_labelled(dataset, type(head.loss_cls).__name__)
                self._checked.add((id(dataset), num_classes))


def check_labels(
    dataset: BaseDataset, num_classes: int, multi_class: bool = False, may_lack_labels: bool = False
) -> None:
    """Compares every annotation of a data set with the number of classes.

    Args:
        dataset: A data set whose annotations may have ``label``: a class id, several of them
            (``multi_class`` of mmaction2's data sets) or a multi-hot vector [C].
        num_classes: C.
        multi_class: Whether the head is multi-label. Defaults to False.
        may_lack_labels: Whether ``-1`` is allowed. Defaults to False.

    Raises:
        ValueError: With the annotation file, the video and its label.
    """
    dataset.full_init()
    ids_of_several = bool(getattr(dataset, 'multi_class', False))
    for index in range(len(dataset)):
        # not the data set's own method, which fails on ids that are out of range
        info = BaseDataset.get_data_info(dataset, index)
        label = info.get('label')
        if label is None or (may_lack_labels and _is_id(label) and int(label) == NO_LABEL):
            continue
        place = _place(dataset, info, index)
        if multi_class != (not _is_id(label)):
            raise ValueError(
                f'{place} has {"one label" if _is_id(label) else "several labels"} but '
                f'cls_head.multi_class={multi_class}: set multi_class of data set and head alike.'
            )
        if multi_class and not ids_of_several:
            _check_length(place, len(label), num_classes)
            continue
        if ids_of_several and dataset.num_classes != num_classes:
            raise ValueError(
                f'The data set of {dataset.ann_file} has num_classes={dataset.num_classes} but '
                f'the head has {num_classes} class names: set both to the same label list.'
            )
        for number in [label] if _is_id(label) else label:
            _check_range(place, int(number), num_classes)


def check_class_folders(dataset: BaseDataset, names: Sequence[str]) -> None:
    """Compares the folders of videos with the classes of their labels, where folders name classes.

    Args:
        dataset: A data set with one label per video.
        names: Class names in id order.

    Raises:
        ValueError: Most videos of a class's folder have the label of another class.
    """
    ids = {plain(name): index for index, name in enumerate(names)}
    found: dict[str, Counter[int]] = defaultdict(Counter)
    for index in range(len(dataset)):
        info = BaseDataset.get_data_info(dataset, index)
        path = info.get('filename', info.get('frame_dir'))
        label = info.get('label')
        folder = PurePosixPath(str(path)).parent.name
        if path is not None and label is not None and plain(folder) in ids:
            found[folder][int(label)] += 1
    for folder, labels in found.items():
        (label, count), *_ = labels.most_common(1)
        if label not in (NO_LABEL, ids[plain(folder)]) and 2 * count > sum(labels.values()):
            raise ValueError(
                f"{count} videos of the folder '{folder}' in {dataset.ann_file} have label "
                f"{label}, which is '{names[label]}' in the head; that folder's class is "
                f'{ids[plain(folder)]}: give cls_head the label list that belongs to the file.'
            )


def check_all_labelled(dataset: BaseDataset, loss: str) -> None:
    """Refuses multi-label videos without a label, for a loss that draws a text of each video.

    Raises:
        ValueError: With the annotation file and the video.
    """
    for index in range(len(dataset)):
        info = BaseDataset.get_data_info(dataset, index)
        label = info.get('label')
        if label is not None and not _is_id(label) and len(label) == 0:
            raise ValueError(
                f'{_place(dataset, info, index)} has no label, of which {loss} needs one: take it '
                'out of the list, or set loss_cls to VideoAllTextKLLoss or VideoTextBCELoss.'
            )


def _check_range(place: str, label: int, num_classes: int) -> None:
    if not 0 <= label < num_classes:
        none = ' (-1: no label, which only tests may lack)' if label == NO_LABEL else ''
        raise ValueError(
            f'{place} has label {label} but the head has {num_classes} classes, whose labels are '
            f'0 to {num_classes - 1}{none}: mend that annotation, or give cls_head the label list '
            '(or num_classes) that belongs to the file.'
        )


def _check_length(place: str, length: int, num_classes: int) -> None:
    if length != num_classes:
        raise ValueError(
            f'{place} has a label vector of length {length} but the head has {num_classes} '
            'classes: give cls_head the label list that belongs to the file.'
        )


def _is_id(label: Any) -> bool:
    """Whether it is one number: an int, or an array or tensor without axes."""
    return not hasattr(label, '__len__') or getattr(label, 'ndim', 1) == 0


def _place(dataset: BaseDataset, info: dict, index: int) -> str:
    names = [info[key] for key in ('filename', 'frame_dir', 'audio_path') if key in info]
    number = f'{index + 1} of {len(dataset)} in {dataset.ann_file}'
    return f"'{names[0]}' ({number})" if names else f'Sample {number}'


def _switched_names(runner: Runner) -> tuple[str, ...] | None:
    """Classes of the validation where a hook will exchange them, else None."""
    for hook in getattr(runner, 'hooks', ()):
        if isinstance(hook, LabelSwitchHook) and hook.val is not None:
            return read_labels(hook.val)
    return None
