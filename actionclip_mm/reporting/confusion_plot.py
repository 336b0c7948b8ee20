"""The picture of mmaction2's tool ``confusion_matrix``."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..evaluation.confusion import choose_classes
from ..models.text import read_labels
from .figures import confusion_figure, drawn_name

MOST = 60  # classes of a picture


def plot_confusions(
    matrix: np.ndarray, names: Sequence[str], values: bool, cmap: str, show: bool
) -> Any:
    """Figure of a confusion matrix, of many classes the most confused ones.

    Args:
        matrix: Videos by class and predicted class [C, C].
        names: C names.
        values: Whether numbers are drawn.
        cmap: Colours.
        show: Whether to open a window.
    """
    import matplotlib.pyplot as plt

    chosen = choose_classes(matrix, MOST)
    if not len(chosen):  # nothing is confused
        chosen = np.arange(MOST)
    part, others = matrix[np.ix_(chosen, chosen)], None
    if len(chosen) < len(matrix):
        others = matrix[chosen].sum(axis=1) - part.sum(axis=1)
        print(
            f'The picture has the {len(chosen)} most confused of {len(matrix)} classes; '
            '--target-classes chooses others, --out has all.'
        )
    drawn = [drawn_name(names[index], index) for index in chosen.tolist()]
    figure = confusion_figure(part, drawn, others, cmap, values, plt.figure())
    if show:
        plt.show()
    return figure


def class_names(config: Any, classes: Sequence[Any]) -> list[str]:
    """Names of classes that the tool knows by id, from the label encoder of a config."""
    if not all(isinstance(name, int) for name in classes):
        return [str(name) for name in classes]
    head = (config.get('model') or {}).get('cls_head') or {}
    labels = (head.get('label_encoder') or {}).get('labels')
    if labels is None:
        return [f'class {index}' for index in classes]
    names = read_labels(labels, split_names=False)
    return [names[index] if index < len(names) else f'class {index}' for index in classes]
