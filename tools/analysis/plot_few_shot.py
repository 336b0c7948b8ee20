"""Draws accuracy against training videos per class, as figure 3 of the paper, from result cards.

    python tools/analysis/plot_few_shot.py work_dirs/*/card.json --out few_shot.png
    python tools/analysis/plot_few_shot.py --series Transf a/card.json b/card.json \\
        --series MeanP c/card.json --out few_shot.png

Cards are those of tools/run_protocol.py: few-shot ones have 1, 2, 4, … videos per class, those of a
test without training 0. One panel per data set, one line per model (of the config's name, or of
--series), bars of one standard deviation where a card has several runs. Cards whose videos were not
all scored are hollow and named. Beside the picture lies a table, few_shot.csv.
"""

import argparse
import csv
import math
import sys
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import matplotlib

matplotlib.use('Agg')

import matplotlib.pyplot as plt
from matplotlib.axes import Axes

sys.path.append(str(Path(__file__).resolve().parents[2]))  # a checkout that was not installed

from actionclip_mm.protocols import is_complete, read_card

TITLES = dict(
    kinetics400='Kinetics-400', kinetics600='Kinetics-600', ucf101='UCF101', hmdb51='HMDB51',
    ssv2='Something-Something V2', mini='mini benchmark',
)  # fmt: skip


@dataclass(frozen=True)
class Point:
    """One card in the figure; accuracies in per cent. Its fields are the columns of the table."""

    dataset: str
    model: str
    shots: int
    metric: str
    mean: float
    std: float | None
    ddof: int
    runs: int
    listed: int
    scored: int
    complete: bool
    classes: str
    protocol: str
    card: str


def read_point(path: str, model: str | None, metric: str) -> Point:
    """A point from a card.

    Args:
        path: Of the card.
        model: Name of its line; None for that of the config without the data set.
        metric: Key of the accuracy, a fraction in the card.

    Raises:
        ValueError: It is no card, has not that metric, or is of another kind of protocol.
    """
    card = read_card(path)
    about, dataset = card['protocol'], card['protocol']['dataset']
    if card['training'] is not None and about['shots'] is None:
        raise ValueError(
            f"'{path}' is of {about['id']}, which trains on all videos: give cards of few-shot "
            'protocols, or of tests without training.'
        )
    found = {row['metric']: row for row in card['statistics'] if row['part'] == 'test'}
    if metric not in found:
        parts = sorted({row['part'] for row in card['statistics']})
        raise ValueError(
            f"'{path}' has no {metric} of its part 'test': it has the parts {', '.join(parts)} and "
            f'the metrics {", ".join(sorted({r["metric"] for r in card["statistics"]}))}.'
        )
    row, runs = found[metric], card['runs']
    return Point(
        dataset=dataset,
        model=model or Path(card['model']['config']).stem.replace(f'_{dataset}', ''),
        shots=about['shots'] or 0,
        metric=metric,
        mean=100 * row['mean'],
        std=None if row['std'] is None else 100 * row['std'],
        ddof=row['ddof'],
        runs=row['n'],
        listed=sum(run['videos']['listed'] for run in runs),
        scored=sum(run['videos']['scored'] for run in runs),
        complete=is_complete(card),
        classes=' '.join(sorted({run['classes']['sha256'][:12] for run in runs})),
        protocol=about['id'],
        card=path,
    )


def check(points: Sequence[Point]) -> None:
    """Refuses what would be drawn one over the other, or side by side without being comparable.

    Raises:
        ValueError: Two cards for one place, or different classes in one panel.
    """
    seen: dict[tuple[str, str, int], Point] = {}
    for point in points:
        place = (point.dataset, point.model, point.shots)
        other = seen.setdefault(place, point)
        if other is not point:
            raise ValueError(
                f"'{other.card}' ({other.protocol}) and '{point.card}' ({point.protocol}) are both "
                f'{point.shots}-shot of {point.model} on {point.dataset}: leave one out, or tell '
                'the models apart with --series NAME CARD ….'
            )
    first: dict[str, Point] = {}
    for point in points:
        other = first.setdefault(point.dataset, point)
        if other.classes != point.classes:
            raise ValueError(
                f"'{other.card}' ({other.protocol}) and '{point.card}' ({point.protocol}) have "
                f'different classes of {point.dataset}, which do not compare: leave one out.'
            )


def in_order(points: Sequence[Point]) -> list[Point]:
    """Data sets and models as they were given, shots from few to many."""
    datasets = [point.dataset for point in points]
    models = [point.model for point in points]
    return sorted(points, key=lambda p: (datasets.index(p.dataset), models.index(p.model), p.shots))


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
        axes.set(title=TITLES.get(dataset, dataset), xlabel='training videos per class (0: none)')
        axes.grid(alpha=0.3)
        axes.legend(fontsize=8)
    panels[0][0].set_ylabel(f'{points[0].metric}, %')
    note = incomplete(points)
    if note:
        figure.supxlabel(note, fontsize=7, wrap=True)
    figure.tight_layout()
    figure.savefig(path, dpi=130)
    plt.close(figure)


def incomplete(points: Sequence[Point]) -> str:
    """The points whose videos were not all scored, empty if there are none."""
    named = [
        f'{p.model}, {p.protocol} ({p.scored:,} of {p.listed:,} videos)'
        for p in points
        if not p.complete
    ]
    return 'Hollow, because not all videos were scored: ' + '; '.join(named) if named else ''


def write_table(points: Sequence[Point], path: Path) -> str:
    """Writes the CSV; returns the figure as text, a line per model and data set."""
    columns = [field.name for field in fields(Point)]
    with path.open('w', newline='', encoding='utf-8') as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows([getattr(point, column) for column in columns] for point in points)
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
    args.out.parent.mkdir(parents=True, exist_ok=True)
    plot(points, args.out)
    print(write_table(points, args.out.with_suffix('.csv')))
    print(incomplete(points) or 'All cards are complete.')
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
    main()
