"""HTML and markdown of a report: the same content, every text escaped."""

import io
import re
from pathlib import Path

import markdown
import pytest
from PIL import Image

from actionclip_mm.reporting.page import LONG_TABLE, Picture, Report, Section, Table, write_pages

EVIL = '<script>alert(1)</script> ![x](http://h/y.png) [a](javascript:b) `c` | d\x1b[2J'


@pytest.fixture
def report() -> Report:
    png = io.BytesIO()
    Image.new('RGB', (2, 2)).save(png, 'png')
    parts = [EVIL, Table([EVIL], [[EVIL]]), Picture('curves', EVIL, png.getvalue())]
    return Report(EVIL, {EVIL: EVIL}, [Section(EVIL, parts)])


def test_texts_are_escaped(report: Report, tmp_path: Path) -> None:
    html = write_pages(report, tmp_path).read_text()
    assert html.count('&lt;script&gt;alert(1)') == 11 and '<script' not in html
    assert not re.search(r'(src|href)="(?!data:image/png|#)', html) and '\x1b' not in html
    rendered = markdown.markdown((tmp_path / 'report.md').read_text(), extensions=['tables'])
    assert '<script' not in rendered and 'href' not in rendered and '<code>' not in rendered
    assert re.findall(r'src="([^"]*)"', rendered) == ['curves.png']
    assert rendered.count('<td>') == 1 and (tmp_path / 'curves.png').is_file()


def test_long_tables(tmp_path: Path) -> None:
    rows = [[str(index)] for index in range(LONG_TABLE + 2)]
    report = Report('t', {}, [Section('s', [Table(['n'], rows, 'all.csv')])])
    html = write_pages(report, tmp_path).read_text()
    assert html.count('<td>') == LONG_TABLE + 2 and '<details>' in html
    assert '2 more rows: all.csv.' in (tmp_path / 'report.md').read_text()
