"""Pictures of a report, as PNG bytes."""

import io
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import findfont, get_font
from matplotlib.ticker import MaxNLocator

from ..evaluation.calibration import Bin
from ..utils import printable
from .run_folder import Log

LONGEST_NAME = 40  # characters drawn of a name; of longer ones the middle is missing
CELL = 0.27  # inches of a class in a confusion matrix
BAR = 0.17  # inches of a class in a bar chart
FRAME = 96  # pixels of the height of a frame in a strip
BLUE, GREEN, RED, GREY = '#2b6cb0', '#2f855a', '#c53030', '#718096'


def drawn_name(name: str, index: int | None = None) -> str:
    """A name as it can be drawn: one short line, no mathematics, glyphs that the font has.

    Args:
        name: From outside.
        index: Class id, which stands for a name that the font cannot draw.
    """
    text = printable(name)
    if any(not _has_glyph(char) for char in text):
        text = text.encode('ascii', 'replace').decode() if index is None else f'class {index}'
    if len(text) > LONGEST_NAME:
        text = f'{text[: LONGEST_NAME // 2]}…{text[1 - LONGEST_NAME // 2 :]}'
    return text.replace('$', r'\$')


def draw_curves(log: Log) -> bytes:
    """Training loss by iteration and validation metrics by epoch (or iteration)."""
    panels = [bool(log.training), bool(log.validation)]
    figure = Figure(figsize=(5.2 * sum(panels), 3.4))
    axes = iter(np.atleast_1d(figure.subplots(1, sum(panels))))
    if log.training:
        axis = next(axes)
        losses = [name for row in log.training[:1] for name in row if 'loss' in name]
        if len(losses) == 2:  # a single loss and their sum are the same
            losses = ['loss']
        _lines(axis, log.training, losses)
        axis.set(xlabel='iteration', ylabel='loss', title='training')
        if all(row.get('loss', 0) >= 0 for row in log.training):
            axis.set_ylim(bottom=0)
    if log.validation:
        axis = next(axes)
        _lines(axis, log.validation, log.metrics)
        by_epoch = log.validation[-1]['step'] < max([row['step'] for row in log.training] or [0])
        axis.set(xlabel='epoch' if by_epoch else 'step', title='validation')
        axis.xaxis.set_major_locator(MaxNLocator(integer=True))
        values = [row[name] for row in log.validation for name in log.metrics if name in row]
        if values and min(values) >= 0 and max(values) <= 1:
            axis.set_ylim(0, 1.02)
    return _png(figure)


def _lines(axis: Any, rows: Sequence[dict[str, float]], names: Sequence[str]) -> None:
    for name in names:
        points = [(row['step'], row[name]) for row in rows if name in row]
        marker = 'o' if len(points) < 30 else None
        axis.plot(*zip(*points, strict=True), marker=marker, markersize=3, label=drawn_name(name))
    axis.grid(alpha=0.3)
    if names:
        axis.legend(fontsize=8)


def draw_bars(names: Sequence[str], values: Sequence[float], mean: float, label: str) -> bytes:
    """One horizontal bar per class, with a line at the mean."""
    figure = Figure(figsize=(7.5, 1.2 + BAR * len(names)))
    axis = figure.subplots()
    places = np.arange(len(names))
    axis.barh(places, values, color=BLUE, height=0.75)
    axis.axvline(mean, color=RED, linewidth=1)
    axis.set_title(f'mean {mean:.1%} (red line)', fontsize=9)
    axis.set_yticks(places, list(names), fontsize=7.5)
    axis.set(xlim=(0, 1), xlabel=label, ylim=(len(names) - 0.4, -0.6))
    axis.grid(axis='x', alpha=0.3)
    return _png(figure)


def draw_confusions(
    matrix: np.ndarray, names: Sequence[str], others: np.ndarray | None = None, cmap: str = 'Blues'
) -> bytes:
    """Confusion matrix with the number of videos in each cell that has some."""
    return _png(confusion_figure(matrix, names, others, cmap))


def confusion_figure(
    matrix: np.ndarray,
    names: Sequence[str],
    others: np.ndarray | None = None,
    cmap: str = 'Blues',
    values: bool = True,
    figure: Any = None,
) -> Any:
    """Figure of a confusion matrix whose size follows the number of classes.

    Args:
        matrix: Videos by class (row) and predicted class (column), [C, C].
        names: C names as they are drawn.
        others: Videos of each class that were given a class outside of the matrix [C].
        cmap: Colours of a cell's share of its row.
        values: Whether numbers are drawn.
        figure: Figure to draw on. Defaults to a new one.
    """
    columns = list(names)
    if others is not None:
        matrix = np.column_stack([matrix, others])
        columns.append('other classes')
    shares = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    height, width = matrix.shape
    figure = figure or Figure()
    figure.set_size_inches(4.5 + CELL * width, 3 + CELL * height)
    figure.set_layout_engine('constrained')
    axis = figure.subplots()
    picture = axis.imshow(shares, cmap=cmap, vmin=0, vmax=1)
    axis.set_xticks(range(width), columns, rotation=90, fontsize=7.5)
    axis.set_yticks(range(height), list(names), fontsize=7.5)
    axis.set(xlabel='predicted class', ylabel='class')
    axis.set_xticks(np.arange(width + 1) - 0.5, minor=True)
    axis.set_yticks(np.arange(height + 1) - 0.5, minor=True)
    axis.grid(which='minor', color='#a0aec0', linewidth=0.4, alpha=0.5)
    axis.tick_params(which='minor', length=0)
    if values:
        style = dict(ha='center', va='center', fontsize=6.5)
        for row, column in np.argwhere(matrix).tolist():
            colour = _contrast(picture.cmap(picture.norm(shares[row, column])))
            axis.text(column, row, str(int(matrix[row, column])), color=colour, **style)
    bar = figure.colorbar(picture, ax=axis, shrink=0.5, aspect=30)
    bar.ax.tick_params(labelsize=7.5)
    bar.set_label('share of the class', fontsize=8)
    return figure


def draw_reliability(before: Sequence[Bin], after: Sequence[Bin] | None) -> bytes:
    """Accuracy against confidence, and how many videos each bin has."""
    figure = Figure(figsize=(9, 3.6))
    panels = [('as trained', before)]
    if after is not None:
        panels.append(('with the temperature', after))
    for axis, (title, bins) in zip(
        np.atleast_1d(figure.subplots(1, len(panels))), panels, strict=True
    ):
        full = [part for part in bins if part.videos]
        total = sum(part.videos for part in full)
        places = [(part.low + part.high) / 2 for part in full]
        width = bins[0].high - bins[0].low
        axis.bar(places, [p.videos / total for p in full], width, color='#cbd5e0', label='videos')
        axis.bar(places, [p.accuracy for p in full], width * 0.55, color=BLUE, label='accuracy')
        at = [p.confidence for p in full]
        axis.plot(at, [p.accuracy for p in full], 'o', ms=3, color=RED, label='mean confidence')
        axis.plot([0, 1], [0, 1], '--', color=GREY, linewidth=1, label='calibrated')
        axis.set(xlim=(0, 1), ylim=(0, 1.02), xlabel='confidence', title=title)
        axis.legend(fontsize=7.5, loc='upper left')
    return _png(figure)


def draw_strips(strips: Sequence[tuple[str, str, np.ndarray | None, str]]) -> bytes:
    """Frames of videos below each other.

    Args:
        strips: For each video its true class, what was predicted, frames [H, W, 3] side by side
            (None if it cannot be read), and its name.
    """
    figure = Figure(figsize=(11, 1.5 * len(strips)))
    axes = np.atleast_1d(figure.subplots(len(strips), 1))
    for axis, (truth, predicted, frames, name) in zip(axes, strips, strict=True):
        axis.set_axis_off()
        if frames is None:
            axis.text(0, 0.5, 'cannot be read', color=RED, fontsize=9)
        else:
            axis.imshow(frames)
        axis.set_title(f'{truth}   ({drawn_name(name[-60:])})', loc='left', fontsize=9)
        where = dict(transform=axis.transAxes, va='center', fontsize=8.5)
        axis.text(1.01, 0.5, predicted, color=RED, **where)
    return _png(figure)


def _contrast(colour: tuple) -> str:
    """Black or white, whichever is legible on a colour."""
    red, green, blue, *_ = colour
    return 'white' if 0.299 * red + 0.587 * green + 0.114 * blue < 0.55 else 'black'


@lru_cache(maxsize=4096)
def _has_glyph(char: str) -> bool:
    return get_font(findfont('DejaVu Sans')).get_char_index(ord(char)) != 0


def _png(figure: Figure) -> bytes:
    FigureCanvasAgg(figure)
    drawn = io.BytesIO()
    figure.savefig(drawn, format='png', dpi=110, bbox_inches='tight')
    return drawn.getvalue()
