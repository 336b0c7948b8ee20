"""A report as data, and its two forms: one HTML file, or markdown with PNG files.

Names of classes and videos come from outside: both forms escape every text.
"""

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..utils import printable, write_bytes, write_text

LONG_TABLE = 40  # rows, above which HTML folds a table and markdown cuts it


@dataclass(frozen=True)
class Table:
    """Rows of cells; ``file`` names a CSV file that holds all rows of a long table."""

    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    file: str | None = None

    @property
    def is_long(self) -> bool:
        return len(self.rows) > LONG_TABLE


@dataclass(frozen=True)
class Picture:
    """A PNG; ``name`` is that of its file without suffix."""

    name: str
    caption: str
    png: bytes

    @property
    def base64(self) -> str:
        return base64.b64encode(self.png).decode()


@dataclass
class Section:
    """A heading and what is below it; a text is a paragraph."""

    title: str
    parts: list[str | Table | Picture] = field(default_factory=list)


@dataclass(frozen=True)
class Report:
    """A whole report.

    Attributes:
        title: First heading.
        facts: Names and values below it.
        sections: In order.
    """

    title: str
    facts: dict[str, str]
    sections: list[Section]

    @property
    def pictures(self) -> list[Picture]:
        """All pictures in order."""
        return [p for section in self.sections for p in section.parts if isinstance(p, Picture)]


def write_pages(report: Report, out: Path) -> Path:
    """Write ``report.html``, ``report.md`` and PNG files; returns the HTML file."""
    for picture in report.pictures:
        write_bytes(out / f'{picture.name}.png', picture.png)
    write_text(out / 'report.md', to_markdown(report), errors='backslashreplace')
    write_text(out / 'report.html', to_html(report), errors='backslashreplace')
    return out / 'report.html'


def to_html(report: Report) -> str:
    """One file without links to others."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader('actionclip_mm.reporting', '.'),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters['printable'] = printable
    return environment.get_template('page.html.j2').render(report=report)


def to_markdown(report: Report) -> str:
    """Markdown that refers to the PNG files next to it."""
    lines = [f'# {_escape(report.title)}', '']
    lines += [f'- {_escape(name)}: {_escape(value)}' for name, value in report.facts.items()]
    for section in report.sections:
        lines += ['', f'## {_escape(section.title)}']
        for part in section.parts:
            lines.append('')
            if isinstance(part, Table):
                lines += _markdown_table(part)
            elif isinstance(part, Picture):
                caption = _escape(part.caption)
                lines += [f'![{caption}]({part.name}.png)', '', f'*{caption}*']
            else:
                lines.append(_escape(part))
    return '\n'.join(lines) + '\n'


def _markdown_table(table: Table) -> list[str]:
    rows = table.rows[:LONG_TABLE]
    lines = [_row(table.head), '|' + '---|' * len(table.head), *map(_row, rows)]
    if table.is_long:
        more = f'{len(table.rows) - LONG_TABLE} more rows'
        lines += ['', f'{more}: {table.file}.' if table.file else f'{more}.']
    return lines


def _row(cells: Sequence[str]) -> str:
    return f'| {" | ".join(map(_escape, cells))} |'


def _escape(text: str) -> str:
    """Text in which markdown has no meaning: no HTML, links, pictures, code or cells."""
    return re.sub(r'([\\`*_\[\]|~#!])', r'\\\1', printable(text)).replace('<', '&lt;')
