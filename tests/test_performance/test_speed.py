"""``actionclip benchmark speed``: what it prints and writes."""

import json
import time
from pathlib import Path

import pytest

from actionclip_mm.cli.benchmark import main
from actionclip_mm.performance import registry
from actionclip_mm.performance.markdown import BEGIN, END, to_markdown
from actionclip_mm.performance.measuring import Way
from actionclip_mm.performance.results import read_results

DOCS = Path(__file__).resolve().parents[2] / 'docs'


@pytest.fixture
def tiny_rows(monkeypatch):
    """Two rows: one that sleeps, one that is skipped."""
    registry.all_rows()
    monkeypatch.setattr(registry, '_rows', {})
    monkeypatch.setattr(registry, 'all_rows', lambda: dict(registry._rows))

    @registry.row('nap', 'Sleep', 'at least 2x', length=0.05)
    def nap(options, length):
        assert options.scratch.is_dir() and options.tiny
        ways = [
            Way('long', lambda: time.sleep(length)),
            Way('short', lambda: time.sleep(0.01), switch='naps.short=True', work=2),
        ]
        return registry.Comparison(
            ways, difference=1.5e-6, test='tests/test_x.py::test_y', unit='nap', memory=True
        )

    @registry.row('absent', 'Something else')
    def absent(options):
        raise registry.RowSkipped('no such library')


def test_report(tiny_rows, tmp_path, capsys):
    out, document = tmp_path / 'out', tmp_path / 'page.md'
    document.write_text(f'before\n{BEGIN}\nold\n{END}\nafter\n')
    options = ['--rounds', '2', '--threads', '1', '--device', 'cpu', '--tiny', '--out', str(out)]
    assert main(['speed', *options, '--into', str(document)]) == 1  # a row was skipped
    printed, progress = capsys.readouterr()
    assert 'nap (1 of 2): round 2 of 2' in progress
    assert '**nap**: Sleep. Target: at least 2x.' in printed
    assert '| short | `naps.short=True` |' in printed
    assert 'Largest difference 1.5e-06 (`tests/test_x.py::test_y`).' in printed
    assert '**absent**: Something else. Skipped: no such library' in printed
    assert document.read_text() == f'before\n{BEGIN}\n{printed}{END}\nafter\n'
    assert (out / 'speed.md').read_text() == printed
    assert (out / 'speed.png').read_bytes().startswith(b'\x89PNG')
    content = json.loads((out / 'speed.json').read_text())
    assert content['machine']['threads'] == '1'
    assert content['rows'][0]['timings'][1]['speedup'] > 2

    assert main(['speed', 'nap', *options]) is None  # the other row's result is kept
    results = read_results(out / 'speed.json')
    assert [entry.name for entry in results.in_order()] == ['nap', 'absent']
    assert to_markdown(results.in_order(), results.machine) == (out / 'speed.md').read_text()


def test_results_of_another_machine_are_not_mixed(tiny_rows, tmp_path, capsys):
    (tmp_path / 'speed.json').write_text('{"machine": {"threads": "99"}, "rows": []}')
    with pytest.raises(SystemExit) as ended:
        main(['speed', 'nap', '--tiny', '--out', str(tmp_path)])
    assert ended.value.code == 2
    assert 'has results of another machine' in capsys.readouterr().err


def test_list(tiny_rows, capsys):
    assert main(['speed', '--list']) is None
    assert capsys.readouterr().out.splitlines() == [
        'nap     Sleep (target at least 2x)',
        'absent  Something else',
    ]


def test_the_document_is_generated_from_its_results():
    results = read_results(DOCS / 'performance.json')
    _, _, rest = (DOCS / 'performance.md').read_text().partition(f'{BEGIN}\n')
    assert rest.partition(END)[0] == to_markdown(results.in_order(), results.machine)
    known = registry.all_rows()
    assert not [name for name in results.results if name not in known]
