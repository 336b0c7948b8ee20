"""Results as Markdown, and the part of a document that is generated from them."""

from collections.abc import Sequence
from pathlib import Path

from ..utils import read_text, write_text
from .measuring import Timing
from .results import Result

BEGIN, END = '<!-- begin: actionclip benchmark speed -->', '<!-- end -->'


def to_markdown(results: Sequence[Result], machine: dict[str, str]) -> str:
    """The machine, an overview of the last way of each row, then a table for each row.

    Args:
        results: In the order of printing.
        machine: Facts by name.
    """
    facts = '; '.join(f'{name} {value}' for name, value in machine.items())
    parts = [f'Measured on: {facts}.', *_overview(results), *map(_section, results)]
    return '\n\n'.join(parts) + '\n'


def _overview(results: Sequence[Result]) -> list[str]:
    measured = [result for result in results if result.timings]
    if len(measured) < 2:
        return []
    columns = ['row', 'target', 'first way', 'last way', 'speed-up', 'in CPU time', 'difference']
    lines = [_line(columns), _line(['---'] * len(columns))]
    for result in measured:
        first, *_, last = (result.timings[0], *result.timings)
        cells = [
            result.name,
            result.target,
            format_seconds(first.wall),
            format_seconds(last.wall),
            f'{last.speedup:.2f}x',
            f'{last.cpu_speedup:.2f}x',
            '' if result.difference is None else f'{result.difference:.2g}',
        ]
        lines.append(_line(cells))
    return ['\n'.join(lines)]


def _section(result: Result) -> str:
    head = f'**{result.name}**: {result.title}.'
    if result.target:
        head += f' Target: {result.target}.'
    if not result.timings:
        return f'{head} {result.note}'
    peaks = any(timing.peak is not None for timing in result.timings)
    names = [f'time per {result.unit}', 'CPU time', 'speed-up', 'in CPU time']
    columns = ['way', 'selected by', *names, *(['peak memory'] if peaks else [])]
    lines = [_line(columns), _line(['---'] * len(columns))]
    lines += [_line(_cells(timing, peaks)) for timing in result.timings]
    tail = [_exactness(result), result.note]
    return '\n'.join([head, '', *lines, '', ' '.join(text for text in tail if text)]).rstrip()


def _exactness(result: Result) -> str:
    test = f'`{result.test}`' if result.test else 'no test'
    if result.difference is None:
        return f'Exactness: {test}.'
    return f'Largest difference {result.difference:.2g} ({test}).'


def _cells(timing: Timing, peaks: bool) -> list[str]:
    cells = [
        timing.name,
        f'`{timing.switch}`' if timing.switch else '',
        format_seconds(timing.wall),
        format_seconds(timing.cpu),
        f'{timing.speedup:.2f}x',
        f'{timing.cpu_speedup:.2f}x',
    ]
    if peaks:
        cells.append('' if timing.peak is None else f'{timing.peak / 2**20:.0f} MiB')
    return cells


def _line(cells: Sequence[str]) -> str:
    return f'| {" | ".join(cells)} |'


def format_seconds(seconds: float) -> str:
    """Seconds with three digits and a fitting unit."""
    for unit, size in (('s', 1.0), ('ms', 1e-3)):
        if seconds >= size:
            return f'{_three_digits(seconds / size)} {unit}'
    return f'{_three_digits(seconds / 1e-6)} µs'


def _three_digits(number: float) -> str:
    return f'{number:.{2 if number < 10 else 1 if number < 100 else 0}f}'


def write_into(document: Path, markdown: str) -> None:
    """Replace the generated part of a document.

    Raises:
        ValueError: The document lacks the marker lines.
    """
    text = read_text(document)
    before, begin, rest = text.partition(f'{BEGIN}\n')
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"'{document}' needs the lines '{BEGIN}' and '{END}' around the results.")
    write_text(document, f'{before}{begin}{markdown}{end}{after}')
