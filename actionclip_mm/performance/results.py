"""Measure rows and keep their results: JSON, a Markdown table, a bar chart."""

import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from ..utils import read_json_object, write_bytes, write_json, write_text
from ..utils.foreign_text import first_line
from .measuring import ChildFailed, Timing, measure
from .registry import Options, Row, RowSkipped

JSON, MARKDOWN, CHART = 'speed.json', 'speed.md', 'speed.png'


@dataclass(frozen=True)
class Result:
    """Result of a row; without timings if it was skipped, and then ``note`` says why."""

    name: str
    title: str
    target: str
    unit: str
    timings: tuple[Timing, ...]
    difference: float | None
    test: str
    note: str = ''


def run_rows(
    rows: Sequence[Row],
    options: Options,
    rounds: int,
    report: Callable[[str], None],
    keep: Callable[[Result], None],
) -> int:
    """Measure rows one after another.

    Args:
        rows: What to measure.
        options: Options of all rows; each gets its own ``scratch``.
        rounds: Timings of each way.
        report: Receives lines of progress.
        keep: Receives each result as soon as it is known.

    Returns:
        Rows that failed or were skipped.
    """
    skipped = 0
    for number, entry in enumerate(rows, start=1):
        head = f'{entry.name} ({number} of {len(rows)})'
        say = partial(_say, report, head)
        start = time.perf_counter()
        try:
            with tempfile.TemporaryDirectory(dir=options.scratch) as scratch:
                say('preparing')
                result = _run(entry, replace(options, scratch=Path(scratch)), rounds, say)
        except (RowSkipped, ChildFailed, ImportError) as error:
            skipped += 1
            say(f'skipped: {first_line(error)}')
            result = _empty(entry, first_line(error))
        say(f'done in {time.perf_counter() - start:.0f} s')
        keep(result)
    return skipped


def _say(report: Callable[[str], None], head: str, text: str) -> None:
    report(f'{head}: {text}')


def _run(entry: Row, options: Options, rounds: int, report: Callable[[str], None]) -> Result:
    comparison = entry.prepare(options)
    timings = measure(
        comparison.ways,
        min(rounds, comparison.rounds or rounds),
        options.device,
        comparison.memory,
        report,
    )
    return Result(
        entry.name,
        entry.title,
        entry.target,
        comparison.unit,
        tuple(timings),
        comparison.difference,
        comparison.test,
        comparison.note,
    )


def _empty(entry: Row, reason: str) -> Result:
    return Result(entry.name, entry.title, entry.target, '', (), None, '', f'Skipped: {reason}')


class Results:
    """Results on one machine, in the order in which rows are registered.

    Args:
        machine: Facts about the machine.
        folder: Where they are kept after each row, with those of earlier runs; None: nowhere.
        order: Names of all rows.

    Raises:
        ValueError: The folder has results of another machine or other versions.
    """

    def __init__(self, machine: dict[str, str], folder: Path | None, order: Sequence[str]) -> None:
        self.machine = machine
        self.folder = folder
        self.order = list(order)
        self.results: dict[str, Result] = {}
        if folder is not None and (folder / JSON).is_file():
            before = read_results(folder / JSON)
            if before.machine != machine:
                raise ValueError(
                    f"'{folder / JSON}' has results of another machine, thread count or version: "
                    'give another folder to --out.'
                )
            self.results = before.results

    def add(self, result: Result) -> None:
        """Replace the result of a row and write the JSON file."""
        self.results[result.name] = result
        if self.folder is not None:
            write_json(self.folder / JSON, self.to_dict())

    def in_order(self) -> list[Result]:
        """Results in the order of the rows; those of rows that are gone come last."""
        known = [name for name in self.order if name in self.results]
        return [self.results[name] for name in [*known, *(self.results.keys() - set(known))]]

    def write(self, markdown: str) -> None:
        """Write the table and the chart."""
        from .chart import draw_speedups

        if self.folder is not None:
            write_text(self.folder / MARKDOWN, markdown)
            write_bytes(self.folder / CHART, draw_speedups(self.in_order()))

    def to_dict(self) -> dict[str, Any]:
        """What the JSON file holds."""
        return dict(machine=self.machine, rows=[asdict(result) for result in self.in_order()])


def read_results(path: Path) -> Results:
    """Results of a JSON file.

    Raises:
        ValueError: Not a file that this package wrote.
    """
    content = read_json_object(path, 'the file that actionclip benchmark speed wrote')
    try:
        rows = [
            Result(**{**entry, 'timings': tuple(Timing(**t) for t in entry['timings'])})
            for entry in content['rows']
        ]
        results = Results(content['machine'], None, [entry.name for entry in rows])
    except (KeyError, TypeError) as error:
        raise ValueError(
            f"'{path}' was not written by this version of actionclip benchmark speed ({error}): "
            'delete it and measure again.'
        ) from error
    results.results = {entry.name: entry for entry in rows}
    return results
