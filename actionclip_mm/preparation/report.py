"""Report on a prepared data set: a table of numbers, JSON and Markdown."""

from dataclasses import asdict, dataclass, field

from rich.console import Console
from rich.table import Table

from ..utils import on_page, printable, to_json

SHOWN = 50  # names of each kind in the Markdown; the JSON has all


@dataclass
class ListNumbers:
    """Numbers of videos of one list.

    Args:
        file: File name.
        published: Published numbers, if any.
        listed: In the official files.
        missing: Listed, without a file.
        unusable: Listed and present, but empty, undecodable or the like.
        written: Lines of the list that was written.
        sha256: Hash of the list that was written.
    """

    file: str
    published: list[int]
    listed: int
    missing: int
    unusable: int
    written: int
    sha256: str

    @property
    def as_published(self) -> bool:
        """Whether the official files have a published number of videos."""
        return not self.published or self.listed in self.published


@dataclass
class Report:
    """Content of preparation_report.json, by key."""

    dataset: str
    title: str
    complete: bool = True
    fixed_sizes: bool = True
    present_only: bool = False
    decoding_checked: bool = False
    classes: int = 0
    lists: list[ListNumbers] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    missing: dict[str, list[str]] = field(default_factory=dict)  # folder -> listed paths
    unusable: dict[str, dict[str, str]] = field(default_factory=dict)  # folder -> path -> reason
    damaged: dict[str, dict[str, str]] = field(default_factory=dict)  # used anyway
    extra: dict[str, list[str]] = field(default_factory=dict)
    duplicates: dict[str, list[str]] = field(default_factory=dict)
    written: list[str] = field(default_factory=list)

    def json(self) -> str:
        """Everything, with all names."""
        return to_json(asdict(self)) + '\n'

    def markdown(self) -> str:
        """Readable version with the first names of each kind."""
        status = 'complete' if self.complete else '**INCOMPLETE**'
        if self.complete and any(self.missing.values()):  # copies of this data set differ
            status = 'all that this copy has'
        parts = [f'# {self.title}: {status}', '', self._sentences(), '']
        parts += ['| ' + ' | '.join(self._header()) + ' |', '|---' * len(self._header()) + '|']
        parts += ['| ' + ' | '.join(row) + ' |' for row in self._rows()]
        for title, lines in self._details():
            if lines:
                parts += ['', f'## {title}: {len(lines):,}', '', *_items(lines)]
        return '\n'.join(parts) + '\n'

    def show(self) -> None:
        """Print the table of numbers and the first sentences."""
        table = Table(title=f'{self.title}: numbers of videos')
        for index, name in enumerate(self._header()):
            table.add_column(name, justify='right' if index else 'left', no_wrap=index != 1)
        for row in self._rows():
            table.add_row(*row)
        Console(width=110, highlight=False).print(table)
        for title, lines in self._details():
            if lines:
                print(f'{title}: {len(lines):,}')
                print(''.join(f'  - {printable(line)}\n' for line in lines[:5]), end='')
                if len(lines) > 5:
                    print('  - … see the report')
        print(self._sentences().replace('**', ''))

    def _sentences(self) -> str:
        missing = (
            'Missing videos are omitted from all lists, **test lists included**: accuracies are '
            'over those that are there'
            if self.present_only
            else 'Missing videos are omitted from training lists and stay in test lists, where '
            'they count as wrong'
        )
        kept = f'{missing}. Unusable ones are omitted from training lists only.'
        checked = 'decoded' if self.decoding_checked else 'not decoded (--check-decoding does)'
        return f'{self.classes} classes. {kept} Videos were {checked}.'

    def _header(self) -> list[str]:
        return ['list', 'published', 'listed', 'missing', 'unusable', 'written']

    def _rows(self) -> list[list[str]]:
        rows = []
        for row in self.lists:
            published = ' / '.join(f'{n:,}' for n in row.published) or '-'
            mark = ' ≠' if self.fixed_sizes and not row.as_published else ''
            rest = (row.missing, row.unusable, row.written)
            rows.append([row.file, published, f'{row.listed:,}{mark}', *(f'{n:,}' for n in rest)])
        return rows

    def _details(self) -> list[tuple[str, list[str]]]:
        return [
            ('Problems', self.problems),
            ('Notes', self.notes),
            ('Missing', _flat(self.missing)),
            ('Unusable', _flat(_sentences(self.unusable))),
            ('Damaged, used anyway', _flat(_sentences(self.damaged))),
            ('Extra, in no list', _flat(self.extra)),
            ('Duplicates, not used', _flat(self.duplicates)),
        ]


def _sentences(folders: dict[str, dict[str, str]]) -> dict[str, list[str]]:
    return {f: [f'{p}: {why}' for p, why in reasons.items()] for f, reasons in folders.items()}


def _flat(folders: dict[str, list[str]]) -> list[str]:
    return [f'{folder}/{name}' for folder, names in folders.items() for name in names]


def _items(lines: list[str]) -> list[str]:
    items = [f'- {on_page(line)}' for line in lines[:SHOWN]]
    if len(lines) > SHOWN:
        items.append(f'- … {len(lines) - SHOWN:,} more: in the .json file next to this one')
    return items
