"""Plot accuracy against training videos per class (the paper's figure 3) from result cards.

    python tools/analysis/plot_few_shot.py work_dirs/*/card.json --out few_shot.png
    python tools/analysis/plot_few_shot.py --series Transf a/card.json b/card.json \\
        --series MeanP c/card.json --out few_shot.png

Cards are written by `actionclip protocol`. Few-shot cards have 1, 2, 4, … videos per class; tests
without training (zero-shot, or --test-only of a few-shot protocol) have 0. There is one panel per
data set and one line per model (named after the config, or by --series), with error bars of one
standard deviation if a card has several runs. Cards with unscored videos are hollow and named.
Panels whose cards have different test lists are named too, e.g. three splits in a zero-shot card
and split 1 in a few-shot card. The table is saved as few_shot.csv in the same folder.
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

from _script import run_and_exit

# isort: split
import matplotlib

matplotlib.use('Agg')

import matplotlib.pyplot as plt
from _few_shot_points import Point, check, in_order, read_point, remarks, title_of
from matplotlib.axes import Axes

from actionclip_mm.protocols.card_markdown import METRICS
from actionclip_mm.utils import write_figure, write_text


def place(shots: int) -> float:
    """Position of K on the axis: 0, then one step per doubling from 1."""
    return math.log2(shots) + 1 if shots else 0.0


def draw_line(axes: Axes, points: Sequence[Point], colour: str) -> None:
    """Plot one model in one panel."""
    places = [place(point.shots) for point in points]
    model = points[0].model
    axes.plot(places, [point.mean for point in points], color=colour, label=model, zorder=1)
    for point, x in zip(points, places, strict=True):
        face = colour if point.complete else 'white'
        axes.errorbar(x, point.mean, yerr=point.std, color=colour, marker='o', mfc=face, capsize=3)


def plot(points: Sequence[Point], path: Path) -> None:
    """Plot the figure, one panel per data set."""
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
        axes.set(title=title_of(dataset), xlabel='training videos per class (0: none)')
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
    """Write the CSV, and return the figure as text, one line per model and data set."""
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
    """Format the accuracies of a line."""
    return ', '.join(
        f'{point.shots}-shot {point.mean:.1f}'
        + ('' if point.std is None else f' ± {point.std:.1f}')
        + ('' if point.complete else ' (incomplete)')
        for point in line
    )


def run(args: argparse.Namespace) -> None:
    """Read the cards, check, plot, and write the table.

    Raises:
        ValueError: The cards or options do not make a figure.
    """
    if args.out.suffix != '.png':
        raise ValueError(f"--out must end in .png, got '{args.out}'.")
    series = [(path, name) for name, *paths in args.series for path in paths]
    empty = [name for name, *paths in args.series if not paths]
    if empty or not (args.cards or series):
        of = f' of --series {empty[0]}' if empty else ''
        raise ValueError(f'No cards{of}: pass card.json files of `actionclip protocol`.')
    named = [(path, None) for path in args.cards] + series
    points = in_order([read_point(path, name, args.metric) for path, name in named])
    check(points)
    plot(points, args.out)
    print(write_table(points, args.out.with_suffix('.csv')))
    print('\n'.join(remarks(points)) or 'All cards are complete and have the same test videos.')
    print(f'Wrote {args.out} and {args.out.with_suffix(".csv")}.')


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        'cards', nargs='*', help='card.json files; lines are named after the config'
    )
    parser.add_argument(
        '--series', nargs='+', action='append', default=[], metavar=('NAME', 'CARD'),
        help='name of a line and its cards',
    )  # fmt: skip
    parser.add_argument('--metric', default='acc/top1', help='metric to plot (default: acc/top1)')
    parser.add_argument('--out', type=Path, required=True, help='PNG file')
    try:
        run(parser.parse_args(argv))
    except (ValueError, OSError) as error:
        sys.exit(f'Error: {error}')


if __name__ == '__main__':
    run_and_exit(main)
