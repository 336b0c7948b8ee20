"""What a fine-tuning is about to do, as text: data, what learns, memory, steps, time."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from ..utils import printable
from .collection import Clip
from .recipe import SMALL_DATA, Recipe

ROWS = 40  # classes that are shown
GiB = 2**30


def class_table(names: Mapping[str, str], splits: Mapping[str, Sequence[Clip]]) -> str:
    """Classes in words with their clips in each split.

    Args:
        names: Class name in words -> as in the clips.
        splits: Clips of 'train', 'val' and perhaps 'test'.
    """
    counts = {split: Counter(clip.label for clip in clips) for split, clips in splits.items()}
    rows = [
        [printable(name), *(str(of_split[label]) for of_split in counts.values())]
        for name, label in list(names.items())[:ROWS]
    ]
    if len(names) > ROWS:
        rows.append([f'… and {len(names) - ROWS} more classes', *('…' for _ in counts)])
    totals = [str(sum(of_split.values())) for of_split in counts.values()]
    return _table([['class', *counts], *rows, [f'{len(names)} classes', *totals]])


def recipe_text(recipe: Recipe, clips: int, forced: bool) -> str:
    """The recipe and why it was chosen."""
    if recipe.small:
        why = 'asked for' if forced else f'{clips:,} training clips, below {SMALL_DATA:,}'
        lines = [f'recipe        small data ({why}): frozen text tower, few epochs']
    else:
        why = 'asked for' if forced else f'{clips:,} training clips'
        lines = [f"recipe        the paper's ({why}): both towers learn"]
    if recipe.all_texts:
        lines.append('loss          each clip is compared with the texts of all classes')
    if recipe.dropped:
        reasons = ', '.join(f"{name} ('{printable(c)}')" for name, c in recipe.dropped.items())
        lines.append(f'augmentation  without what would change a label: {reasons}')
    lines.append(
        f'steps         {recipe.epochs} epochs x {recipe.steps} steps of '
        f'{recipe.batch_size} clips, learning rate {recipe.lr:g} (new modules 10x)'
    )
    return '\n'.join(lines)


def trial_text(trial: Mapping[str, Any], seconds: float) -> str:
    """Parameters, memory and time of a trial."""
    rows = [['part', 'learns', 'frozen']]
    for part, (learns, frozen) in trial['parameters'].items():
        rows.append([part, _millions(learns), _millions(frozen)])
    lines = [_table(rows), '']
    memory = trial['memory']
    if memory:
        method = 'measured: a few steps, validation batches, a checkpoint'
        lines.append(f'memory        about {memory / GiB:.2f} GiB ({method})')
    if trial['gpu_memory']:
        lines.append(
            f'GPU memory    about {trial["gpu_memory"] / GiB:.2f} GiB on {trial["device"]}'
        )
    lines.append(f'time          about {duration(seconds)} on {trial["device"]}, and the report')
    return '\n'.join(lines)


def estimated_seconds(
    trial: Mapping[str, Any], recipe: Recipe, train: int, val: int, workers: int
) -> float:
    """Seconds of a training.

    Reading and computing overlap on a GPU and share the cores on a CPU.

    Args:
        trial: What a trial measured.
        recipe: Epochs and steps.
        train: Training clips.
        val: Validation clips.
        workers: Processes that decode.
    """

    def seconds(compute: float, clips: int) -> float:
        reading = trial['sample'] * clips / workers
        return max(compute, reading) if trial['gpu_memory'] else compute + reading

    epoch = seconds(trial['step'] * recipe.steps, train)
    epoch += seconds(trial['test_step'] * math.ceil(val / recipe.batch_size), val)
    savings = recipe.epochs / recipe.save_every + recipe.epochs / 3  # and the best ones
    return trial['start'] + recipe.epochs * epoch + savings * trial['saving']


def duration(seconds: float) -> str:
    """Seconds as people say them."""
    if seconds < 90:
        return f'{max(1, round(seconds))} s'
    if seconds < 90 * 60:
        return f'{seconds / 60:.0f} min'
    return f'{seconds / 3600:.1f} h'


def _millions(number: int) -> str:
    return '-' if not number else f'{number:,}' if number < 10_000 else f'{number / 1e6:.2f} M'


def _table(rows: list[list[str]]) -> str:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = []
    for name, *cells in rows:
        aligned = (f'{cell:>{width}}' for cell, width in zip(cells, widths[1:], strict=True))
        lines.append('  '.join([f'{name:<{widths[0]}}', *aligned]))
    return '\n'.join(lines)
