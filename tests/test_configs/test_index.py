"""configs/README.md is true: every config is in it, and its numbers are those of the configs."""

import re
from pathlib import Path

import pytest

CONFIGS = Path(__file__).resolve().parents[2] / 'configs'
INDEXED = ('actionclip', 'base_to_novel', 'charades', 'few_shot', 'finetune', 'zero_shot')
LINK = re.compile(r'\]\(([\w./-]+)\)')


def rows() -> list[list[str]]:
    """The cells of each result."""
    table = (CONFIGS / 'README.md').read_text().split('\n\n')[2]
    lines = table.splitlines()[2:]
    return [[cell.strip() for cell in line.strip('|').split('|')] for line in lines]


ROWS = rows()


def test_every_config_is_in_the_index() -> None:
    text = (CONFIGS / 'README.md').read_text()
    named = {(CONFIGS / link).resolve() for link in LINK.findall(text)}
    assert all(path.exists() for path in named)
    files = {path for folder in INDEXED for path in (CONFIGS / folder).glob('*.py')}
    assert files <= named, f'not in configs/README.md: {files - named}'


@pytest.mark.parametrize('row', ROWS, ids=lambda row: row[0])
def test_numbers_are_those_of_the_config(row: list[str]) -> None:
    _, views, published, source, links = row
    numbers = re.findall(r'\d+\.\d+', published)
    leaves = LINK.findall(links)
    assert leaves or 'mmaction2 has no' in links
    for leaf in leaves:
        docstring = ' '.join((CONFIGS / leaf).read_text().split('"""')[1].split())
        for number in numbers:
            assert number in docstring, f'{leaf} does not give {number}'
        assert 'Not measured here' in docstring
        for name in ('paper', "ActionCLIP's README", "FROSTER's README"):
            assert name not in source or name in docstring
        assert '10x3' not in views or '10 clips x 3 crops' in docstring


def test_tables_and_figure_of_the_paper_have_their_rows() -> None:
    titles = [row[0] for row in ROWS]
    for wanted, count in (('table 6', 5), ('table 8', 2), ('table 9', 1), ('figure 3', 8)):
        assert sum(title.startswith(wanted) for title in titles) == count


SOURCES = re.compile(r'\(paper|paper\)|README|model zoo|metafile|measured|the paper', re.I)


@pytest.mark.parametrize(
    'path', sorted(CONFIGS.rglob('*.py')), ids=lambda path: str(path.relative_to(CONFIGS))
)
def test_every_number_of_a_docstring_has_a_source(path: Path) -> None:
    """Accuracies (two digits and a point) that a config quotes say where they are printed."""
    text = path.read_text()
    docstring = ' '.join(text.split('"""')[1].split()) if text.startswith('"""') else ''
    sentences = re.split(r'(?<=[.;:]) (?=[A-Z])', docstring)
    for index, sentence in enumerate(sentences):
        if re.search(r'\b\d\d\.\d\d?\b', sentence):
            near = ' '.join(sentences[max(0, index - 1) : index + 2])
            assert SOURCES.search(near), f'{path.name}: {sentence}'
