"""Plot the average precision per class of a multi-label test, and write it as a table.

    python tools/test.py CONFIG CHECKPOINT --dump scores.pkl
    python tools/analysis/charades_ap.py scores.pkl --labels data/charades/labels.txt --out ap.png

A source is a dump of tools/test.py or a table written by CharadesMAP (per_class_file). Several
sources, each NAME=FILE, are plotted side by side. The table is saved as ap.csv in the same folder.
"""

import argparse
import math
import sys
from collections.abc import Sequence
from pathlib import Path

from _script import run_and_exit

# isort: split
import matplotlib

matplotlib.use('Agg')

import matplotlib.pyplot as plt
import numpy as np

from actionclip_mm.evaluation import (
    DEFINITIONS,
    ClassRow,
    class_precision,
    class_rows,
    mean_of_classes,
    read_class_rows,
    read_dump,
    write_class_rows,
)
from actionclip_mm.models.text import read_labels
from actionclip_mm.utils import write_figure

BAR_HEIGHT = 0.17  # inches
SHOWN = 5  # number of best and of worst classes in the summary


def named(text: str) -> tuple[str, str]:
    """Split ``NAME=FILE``; the default name is the stem of the file."""
    name, sign, path = text.partition('=')
    return (name, path) if sign and not Path(text).is_file() else (Path(text).stem, text)


def read_source(path: str, definition: str, labels: Sequence[str] | None) -> list[ClassRow]:
    """Read the classes of a dump or of a table, in id order.

    Raises:
        ValueError: The file is invalid, or its number of classes differs from that of the labels.
    """
    if Path(path).suffix == '.pkl':
        return class_rows(class_precision(*read_dump(path), definition), labels)
    rows = read_class_rows(path)
    if labels is None:
        return rows
    if len(labels) != len(rows):
        raise ValueError(f"'{path}' has {len(rows)} classes, but --labels has {len(labels)}.")
    return [row._replace(name=name) for row, name in zip(rows, labels, strict=True)]


def check_same(sources: dict[str, list[ClassRow]]) -> None:
    """Raise ValueError unless all sources were tested on the same videos and classes."""
    (first, rows), *others = sources.items()
    for name, other in others:
        if [row.positives for row in rows] != [row.positives for row in other]:
            raise ValueError(
                f"'{first}' and '{name}' were not tested on the same videos and classes: their "
                'numbers of videos per class differ.'
            )


def mean_ap(rows: Sequence[ClassRow]) -> float:
    """Compute the mAP in per cent."""
    return 100 * mean_of_classes([row.ap for row in rows])


def weighted_ap(rows: Sequence[ClassRow]) -> float:
    """Compute the wAP in per cent."""
    return 100 * mean_of_classes([row.ap for row in rows], [row.positives for row in rows])


def ranked(rows: Sequence[ClassRow]) -> list[ClassRow]:
    """Sort by AP, best first, classes without AP last."""
    return sorted(rows, key=lambda row: -1.0 if math.isnan(row.ap) else row.ap, reverse=True)


def summary(name: str, rows: Sequence[ClassRow]) -> str:
    """Format the mAP and the best and worst classes of a source."""
    scored = [row for row in ranked(rows) if not math.isnan(row.ap)]
    lines = [
        f'{name}: mAP {mean_ap(rows):.2f}, wAP {weighted_ap(rows):.2f} '
        f'({len(scored)} of {len(rows)} classes)'
    ]
    for title, part in (('best', scored[:SHOWN]), ('worst', scored[-SHOWN:])):
        classes = ', '.join(f'{row.name} {100 * row.ap:.1f} ({row.positives})' for row in part)
        lines.append(f'  {title}: {classes}')
    return '\n'.join(lines)


def plot(sources: dict[str, list[ClassRow]], path: Path, title: str) -> None:
    """Plot one bar per class and source, sorted by the first source; labels show video counts."""
    order = [row.class_id for row in ranked(next(iter(sources.values())))]
    names = [f'{row.name} ({row.positives})' for row in next(iter(sources.values()))]
    height = 0.8 / len(sources)
    inches = 1.4 + BAR_HEIGHT * len(order) * max(1.0, 0.7 * len(sources))
    figure, axis = plt.subplots(figsize=(7.5, inches), layout='constrained')
    places = np.arange(len(order))
    for index, (name, rows) in enumerate(sources.items()):
        values = [0.0 if math.isnan(rows[i].ap) else 100 * rows[i].ap for i in order]
        label = f'{name}: mAP {mean_ap(rows):.1f}'
        offset = height * (index - (len(sources) - 1) / 2)
        axis.barh(places + offset, values, height, color=f'C{index}', label=label)
        axis.axvline(mean_ap(rows), color=f'C{index}', linewidth=1, linestyle='--')
    axis.set_yticks(places, [names[i] for i in order], fontsize=7)
    axis.set_ylim(len(order) - 0.4, -0.6)
    axis.set(xlim=(0, 100), xlabel='average precision, per cent; dashed: mean', title=title)
    figure.legend(fontsize=8, loc='outside lower center', ncols=len(sources))
    write_figure(path, figure, dpi=110)
    plt.close(figure)


def write_table(sources: dict[str, list[ClassRow]], path: Path) -> None:
    """Write ap.csv for a single source, else ap_NAME.csv for each."""
    for name, rows in sources.items():
        stem = path.stem if len(sources) == 1 else f'{path.stem}_{name}'
        write_class_rows(ranked(rows), path.with_name(f'{stem}.csv'))


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__.splitlines()[0],
        epilog='Definitions: ' + '; '.join(f'{n}: {d.source}' for n, d in DEFINITIONS.items()),
    )
    parser.add_argument('sources', nargs='+', help='FILE or NAME=FILE: .pkl dump, .csv or .json')
    parser.add_argument('--labels', help='file of class names')
    parser.add_argument(
        '--definition', default='charades', help='definition of AP for dumps (default: charades)'
    )
    parser.add_argument('--title', default='', help='title of the figure')
    parser.add_argument('--out', type=Path, default=Path('class_ap.png'), help='PNG file')
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    args = parse(argv)
    try:
        labels = None if args.labels is None else read_labels(args.labels)
        sources: dict[str, list[ClassRow]] = {}
        for text in args.sources:
            name, path = named(text)
            if name in sources:
                raise ValueError(f"Two sources are named '{name}': use NAME=FILE.")
            sources[name] = read_source(path, args.definition, labels)
        check_same(sources)
        plot(sources, args.out, args.title)
        write_table(sources, args.out)
    except (ValueError, OSError) as error:
        print(f'Error: {error}', file=sys.stderr)
        return 2
    for name, rows in sources.items():
        print(summary(name, rows))
    print(f'Wrote {args.out} and {len(sources)} CSV file(s) in the same folder.')
    return 0


if __name__ == '__main__':
    run_and_exit(main)
