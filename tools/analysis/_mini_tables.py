"""Tables of `reproduce_mini.py`: their rows and configs, the markdown report and its plots."""

import textwrap
from dataclasses import dataclass
from pathlib import Path

import matplotlib

matplotlib.use('Agg')

import matplotlib.pyplot as plt
import numpy as np

from actionclip_mm.utils import write_figure, write_text

METRICS = {'acc/top1': 'top-1', 'order/accuracy': 'order'}

# One dict of metrics per seed, by config.
Results = dict[str, list[dict[str, float]]]


@dataclass(frozen=True)
class Row:
    """One row of a table.

    Attributes:
        name: The variant.
        config: Name of its config in ``configs/mini/ablations``.
        paper: Top-1 on Kinetics-400 (ViT-B/32, 8 frames, single view); None if not available.
    """

    name: str
    config: str
    paper: float | None = None


FULL = 'table4_transf'  # the full method, the last row of every table

INTRODUCTION = (
    'Written by `python tools/analysis/reproduce_mini.py`.',
    '',
    '| column | meaning |',
    '|---|---|',
    '| mini top-1 | % on the mini benchmark: 60 classes, 360 clips, the included mini CLIP |',
    '| mini order | % of clips whose class scores above the class that differs only in frame '
    'order; chance is 50 |',
    '| paper | top-1 on Kinetics-400, ViT-B/32, 8 frames, single view; – if not available |',
    '',
    'Compare orderings between the two data sets, not numbers.',
)

TABLES: dict[int, tuple[str, list[Row]]] = {
    1: (
        'Video-text matching against a linear classifier',
        [
            Row('linear classifier (unimodal)', 'table1_unimodal', 75.45),
            Row('ActionCLIP', FULL, 78.36),
        ],
    ),
    2: (
        'Pre-training of the towers',
        [
            Row('both towers random', 'table2_random_both'),
            Row('image tower random', 'table2_random_image'),
            Row('text tower random', 'table2_random_text'),
            Row('both pre-trained', FULL, 78.36),
        ],
    ),
    3: (
        'Textual prompt',
        [Row('label words only', 'table3_label_only', 77.82), Row('templates', FULL, 78.36)],
    ),
    4: (
        'Visual prompt',
        [
            Row('Joint (pre-network)', 'table4_joint', 74.37),
            Row('Shift (in-network)', 'table4_shift', 71.73),
            Row('MeanP', 'table4_mean_p', 77.11),
            Row('LSTM', 'table4_lstm', 77.09),
            Row('Conv1D', 'table4_conv1d', 77.04),
            Row('Transf_cls', 'table4_transf_cls', 78.12),
            Row('Transf', FULL, 78.36),
        ],
    ),
    5: (
        'Fine-tuning of the towers',
        [
            Row('both frozen', 'table5_frozen_both', 72.21),
            Row('text tower frozen', 'table5_frozen_text', 73.88),
            Row('image tower frozen', 'table5_frozen_image', 73.78),
            Row('both fine-tuned', FULL, 78.36),
        ],
    ),
}


def cell(runs: list[dict], key: str) -> str:
    """Format the mean of a metric over seeds in per cent, with ± std for several seeds."""
    values = [100 * metrics[key] for metrics in runs if key in metrics]
    if not values:
        return '–'
    spread = f' ± {np.std(values):.1f}' if len(values) > 1 else ''
    return f'{np.mean(values):.1f}{spread}'


def orderings(rows: list[Row], results: Results) -> list[str]:
    """Count the pairs of rows that are ordered as in the paper, and list the others.

    Rows without a number from the paper are skipped.
    """
    known = [row for row in rows if row.paper is not None]
    means = {row.config: np.mean([m['acc/top1'] for m in results[row.config]]) for row in known}
    same: list[str] = []
    other: list[str] = []
    for i, a in enumerate(known):
        for b in known[i + 1 :]:
            low, high = sorted((a, b), key=lambda row: row.paper or 0)
            text = f'{low.name} < {high.name}'
            (same if means[low.config] < means[high.config] else other).append(text)
    if not same + other:
        return []
    text = f'Pairs ordered as in the paper: {len(same)} of {len(same) + len(other)}.'
    if other:
        text += f' Not reproduced: {"; ".join(other)}.'
    return [*textwrap.wrap(text, 118, break_on_hyphens=False), '']


def section(number: int, results: Results, picture: str) -> list[str]:
    """Format a table in markdown, with its comparison to the paper and its plot."""
    title, rows = TABLES[number]
    lines = [f'## Table {number}: {title}', '']
    lines += ['| row | mini top-1 | mini order | paper, Kinetics-400 top-1 |', '|---|---|---|---|']
    for row in rows:
        paper = '–' if row.paper is None else f'{row.paper:.2f}'
        cells = [cell(results[row.config], key) for key in METRICS]
        lines.append(f'| {row.name} | {" | ".join(cells)} | {paper} |')
    lines += ['', *orderings(rows, results), f'![table {number}]({picture})', '']
    return lines


def write_report(numbers: list[int], results: Results, how: str, path: Path) -> None:
    """Write all tables to one markdown file, and a PNG of each to the same folder.

    Args:
        numbers: Tables to write.
        results: Metrics by config.
        how: Sentence on epochs and seeds.
        path: Markdown file.
    """
    lines = [
        "# The paper's ablations on the mini benchmark",
        '',
        *INTRODUCTION,
        '',
        how,
        '',
    ]
    for number in numbers:
        picture = f'{path.stem}_table{number}.png'
        plot(number, results, path.parent / picture)
        lines += section(number, results, picture)
    write_text(path, '\n'.join(lines))


def plot(number: int, results: Results, path: Path) -> None:
    title, rows = TABLES[number]
    figure, axis = plt.subplots(figsize=(7, 1.2 + 0.45 * len(rows)))
    places = np.arange(len(rows))
    for shift, key in zip((-0.2, 0.2), METRICS, strict=True):
        values = [np.mean([m.get(key, np.nan) for m in results[row.config]]) for row in rows]
        axis.barh(places + shift, 100 * np.array(values), 0.38, label=f'mini {METRICS[key]}')
    known = [(place, row.paper) for place, row in zip(places, rows, strict=True) if row.paper]
    axis.plot(
        [paper for _, paper in known], [place for place, _ in known], 'k|', ms=14, label='paper'
    )
    axis.set_yticks(places, [row.name for row in rows])
    axis.set(xlim=(0, 100), xlabel='%', title=title)
    axis.invert_yaxis()
    axis.legend(loc='center left', bbox_to_anchor=(1.01, 0.5), fontsize=8)
    figure.tight_layout()
    write_figure(path, figure, dpi=110)
    plt.close(figure)
