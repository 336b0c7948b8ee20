"""The data sets inside of mmengine's wrappers."""

from collections.abc import Iterator
from typing import Any

from mmengine.config import ConfigDict
from mmengine.dataset import BaseDataset


def innermost_datasets(dataset: Any) -> Iterator[BaseDataset]:
    """The annotated data sets inside of wrappers (repetition, concatenation, balancing, subset)."""
    for part in getattr(dataset, 'datasets', None) or [getattr(dataset, 'dataset', None)]:
        if part is not None:
            yield from innermost_datasets(part)
    if isinstance(dataset, BaseDataset):
        yield dataset


def innermost_config(dataset: ConfigDict) -> ConfigDict:
    """The config of the annotated data set inside of wrappers that hold one (repetition)."""
    while 'dataset' in dataset:
        dataset = dataset.dataset
    return dataset
