"""Draws accuracy against training videos per class, as figure 3 of the paper, from result cards.

    python tools/analysis/plot_few_shot.py work_dirs/*/card.json --out few_shot.png
    python tools/analysis/plot_few_shot.py --series Transf a/card.json b/card.json \\
        --series MeanP c/card.json --out few_shot.png

Cards are those of tools/run_protocol.py: few-shot ones have 1, 2, 4, … videos per class, those of a
test without training (zero-shot, or --test-only of a few-shot protocol) have 0. One panel per data
set, one line per model (of the config's name, or of --series), bars of one standard deviation where
a card has several runs. Cards whose videos were not all scored are hollow and named. A panel whose
cards were tested on different lists is named too: the three splits of a zero-shot card, say, beside
split 1. Beside the picture lies a table, few_shot.csv.
"""

import argparse
import csv
import io
import math
import sys
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path

sys.path += map(str, Path(__file__).resolve().parents[1:3])  # of what is not installed

from _entry import run_tool

# isort: split
import matplotlib

matplotlib.use('Agg')

import matplotlib.pyplot as plt
from _few_shot_points import Point, check, in_order, read_point, remarks
from matplotlib.axes import Axes

from actionclip_mm.protocols.card_markdown import METRICS
from actionclip_mm.protocols.data_sets import NAMES
from actionclip_mm.utils import write_figure, write_text


def place(shots: int) -> float:
    """Where K stands on the axis: 0, then one step for each doubling from 1 on."""
    return math.log2(shots) + 1 if shots else 0.0


def draw_line(axes: Axes, points: Sequence[Point], colour: str) -> None:
    """One model in one panel."""
    places = [place(point.shots) for point in points]
    model = points[0].model
    axes.plot(places, [point.mean for point in points], color=colour, label=model, zorder=1)
    for point, x in zip(points, places, strict=True):
        face = colour if point.complete else 'white'
        axes.errorbar(x, point.mean, yerr=point.std, color=colour, marker='o', mfc=face, capsize=3)


def plot(points: Sequence[Point], path: Path) -> None:
    """The figure, one panel per data set."""
    datasets = list(dict.fromkeys(point.dataset for point in points))
    models = list(dict.fromkeys(point.model for point in points))
    colours = {model: f'C{index}' for index, model in enumerate(models)}
    figure, panels = plt.subplots(
        1, len(datasets), figsize=(1.2 + 3.6 * len(datasets), 3.9), squeeze=False
    )
    for axes, dataset in zip(panels[0], datasets, strict=True):
        for model in models:
            line = [p for p in points if (p.dataset, p.model) == (dataset, model)]
            if line:
                draw_line(axes, line, colours[model])
        shots = sorted({point.shots for point in points if point.dataset == dataset})
        axes.set_xticks([place(count) for count in shots], [str(count) for count in shots])
        axes.set(title=NAMES.get(dataset, dataset), xlabel='training videos per class (0: none)')
        axes.grid(alpha=0.3)
        axes.legend(fontsize=8)
    metric = points[0].metric
    panels[0][0].set_ylabel(f'{METRICS.get(metric, metric)}, %')
    if notes := remarks(points):
        figure.supxlabel('\n'.join(notes), fontsize=7, wrap=True)
    figure.tight_layout()
    write_figure(path, figure, dpi=130)
    plt.close(figure)


def write_table(points: Sequence[Point], path: Path) -> str:
    """Writes the CSV; returns the figure as text, a line per model and data set."""
    columns = [field.name for field in fields(Point)]
    table = io.StringIO(newline='')
    writer = csv.writer(table)
    writer.writerow(columns)
    writer.writerows([getattr(point, column) for column in columns] for point in points)
    write_text(path, table.getvalue())
    lines: dict[tuple[str, str], list[Point]] = defaultdict(list)
    for point in points:
        lines[point.dataset, point.model].append(point)
    return '\n'.join(
        f'{dataset}, {model}: {said(line)}' for (dataset, model), line in lines.items()
    )


def said(line: Sequence[Point]) -> str:
    """Accuracies of a line in words."""
    return ', '.join(
        f'{point.shots}-shot {point.mean:.1f}'
        + ('' if point.std is None else f' ± {point.std:.1f}')
        + ('' if point.complete else ' (incomplete)')
        for point in line
    )


def run(args: argparse.Namespace) -> None:
    """Reads, checks, draws, writes; ValueError for what cannot make a figure."""
    if args.out.suffix != '.png':
        raise ValueError(f"--out '{args.out}' must end in .png; the table is written beside it.")
    series = [(path, name) for name, *paths in args.series for path in paths]
    empty = [name for name, *paths in args.series if not paths]
    if empty or not (args.cards or series):
        of = f' of --series {empty[0]}' if empty else ''
        raise ValueError(f'There are no cards{of}: give card.json files of tools/run_protocol.py.')
    named = [(path, None) for path in args.cards] + series
    points = in_order([read_point(path, name, args.metric) for path, name in named])
    check(points)
    plot(points, args.out)
    print(write_table(points, args.out.with_suffix('.csv')))
    print('\n'.join(remarks(points)) or 'All cards are complete and of the same test videos.')
    print(f'Wrote {args.out} and {args.out.with_suffix(".csv")}.')


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('cards', nargs='*', help='lines are named by the config')
    parser.add_argument(
        '--series', nargs='+', action='append', default=[], metavar=('NAME', 'CARD'),
        help='cards of one line, and its name',
    )  # fmt: skip
    parser.add_argument('--metric', default='acc/top1', help='default: acc/top1')
    parser.add_argument('--out', type=Path, required=True, help='picture, .png')
    try:
        run(parser.parse_args(argv))
    except (ValueError, OSError) as error:
        sys.exit(f'Error: {error}')


if __name__ == '__main__':
    run_tool(main)
