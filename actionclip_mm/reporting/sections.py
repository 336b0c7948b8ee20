"""Sections on what was reached: result, curves, classes, tests."""

import numpy as np

from ..evaluation import class_precision
from ..evaluation.confusion import (
    accuracies,
    class_accuracies,
    count_confusions,
)
from .figures import (
    draw_bars,
    draw_curves,
    drawn_name,
)
from .page import Picture, Section, Table
from .run_folder import Log
from .scores import Scored

MOST_BARS = 60  # classes in the bar chart


def training_section(log: Log) -> Section:
    """Curves, and the best and the last value of each validation metric."""
    section = Section('Training and validation')
    if not log.training and not log.validation:
        section.parts.append('The run has no log with losses or metrics.')
        return section
    section.parts.append(
        Picture('curves', 'Training loss and validation metrics', draw_curves(log))
    )
    rows = []
    for name in log.metrics:
        points = [(row[name], row['step']) for row in log.validation if name in row]
        best = max(points, key=lambda point: point[0])  # the first of equals, as mmengine keeps it
        rows.append((name, f'{best[0]:.4g}', f'{best[1]:.0f}', f'{points[-1][0]:.4g}'))
    if rows:
        section.parts.append(Table(('validation metric', 'best', 'at step', 'last'), rows))
    return section


def result_section(scored: Scored, zero_shot: Scored | None, note: str) -> Section:
    """Accuracies (or mean average precision) next to the zero-shot baseline."""
    values = measures(scored)
    before = None if zero_shot is None else measures(zero_shot)
    head = ['measure', 'result']
    rows = [[name, f'{value:.1%}'] for name, value in values.items()]
    if before is not None:
        head += ['zero-shot', 'difference']
        for row, (name, value) in zip(rows, values.items(), strict=True):
            row += [f'{before[name]:.1%}', f'{100 * (value - before[name]):+.1f} points']
    if not scored.multi_label:
        head.append('chance')
        count = len(scored.found.classes)
        for row, name in zip(rows, values, strict=True):
            row.append(f'{min(1, (5 if name == "top-5" else 1) / count):.1%}')
    section = Section('Result', [Table(head, rows)])
    if note:
        section.parts.append(note)
    failed = int(scored.found.failed.sum())
    if failed:
        reasons = scored.reasons or {}
        names = [v for v, bad in zip(scored.found.videos, scored.found.failed, strict=True) if bad]
        section.parts += [
            f'{failed} of {len(scored.found.videos)} videos could not be read and count as wrong.',
            Table(('unreadable video', 'reason'), [(n, _reason(n, reasons)) for n in names]),
        ]
    return section


def _reason(name: str, reasons: dict[str, str]) -> str:
    found = [why for path, why in reasons.items() if path == name or path.endswith(f'/{name}')]
    return found[0] if found else ''


def measures(scored: Scored) -> dict[str, float]:
    """Accuracies, or mean average precisions, within 0 and 1."""
    if not scored.multi_label:
        return accuracies(scored.found.scores, scored.found.labels)
    precision = class_precision(_ranks(scored), scored.found.labels)
    return {'mAP': precision.mean, 'mAP weighted by videos': precision.weighted}


def _ranks(scored: Scored) -> np.ndarray:
    return np.where(scored.found.failed[:, None], -np.inf, scored.found.scores)


def class_values(scored: Scored) -> tuple[str, np.ndarray, np.ndarray]:
    """Name of the measure, its value for each class [C] (NaN without a video), videos [C]."""
    if scored.multi_label:
        precision = class_precision(_ranks(scored), scored.found.labels)
        return 'average precision', precision.values, precision.positives
    matrix = count_confusions(scored.found.scores, scored.found.labels)
    return 'accuracy', class_accuracies(matrix), matrix.sum(axis=1)


def classes_section(scored: Scored, zero_shot: Scored | None) -> tuple[Section, Table]:
    """Bar chart and table of the classes, worst first; and the same table of all for a file."""
    measure, values, counts = class_values(scored)
    names = scored.found.classes
    before = None if zero_shot is None else class_values(zero_shot)[1]
    order = np.argsort(np.where(np.isnan(values), np.inf, values), kind='stable')
    head = ['class', 'videos', measure] + ([] if before is None else ['zero-shot'])
    rows = []
    for index in order.tolist():
        row = [names[index], str(int(counts[index])), _percent(values[index])]
        rows.append(row if before is None else [*row, _percent(before[index])])
    known = [index for index in order.tolist() if not np.isnan(values[index])]
    shown = known
    caption = f'{measure.capitalize()} of each class, worst first'
    if len(known) > MOST_BARS:
        shown = known[:MOST_BARS]
        caption = f'{measure.capitalize()} of the {MOST_BARS} worst of {len(known)} classes'
    picture = draw_bars(
        [drawn_name(names[index], index) for index in shown],
        [values[index] for index in shown],
        float(np.nanmean(values)),
        measure,
    )
    table = Table(head, rows, 'classes.csv')
    return Section('Classes', [Picture('classes', caption, picture), table]), table


def tests_section(tests: dict[str, dict[str, float]]) -> Section | None:
    """Metrics of other tests in the work dir."""
    if not tests:
        return None
    rows = [
        (place, name, f'{value:.4g}')
        for place, metrics in tests.items()
        for name, value in metrics.items()
    ]
    return Section('Tests in this folder', [Table(('folder', 'metric', 'value'), rows)])


def _percent(value: float) -> str:
    return '–' if np.isnan(value) else f'{value:.1%}'
