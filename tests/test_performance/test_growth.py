"""``actionclip benchmark growth``: the tables it prints."""

import re

from actionclip_mm.cli.benchmark import main
from actionclip_mm.performance.growth import evaluate


def test_tables(shrunken_models, capsys):
    assert main(['growth', '--tiny', '--rounds', '1', '--threads', '1', '--device', 'cpu']) is None
    printed = capsys.readouterr().out
    for title in ('Head, 16 videos', 'Image side of ViT-B-32', 'Reading an', 'Evaluator, 400'):
        assert f'**{title}' in printed
    assert re.search(r'\| 10 \| 16 \| [\d.]+ (µs|ms|s) \| [\d.]+ (µs|ms|s) \|', printed)
    assert re.search(r'\| 100 \| [\d.]+ ms \| [\d.]+ ms \| \d+\.\d\d \|', printed)
    assert re.search(r'\| 10 \| 0 MiB \| -?\d+ MiB \|', printed)


def test_both_evaluators_agree():
    ours, host = evaluate(20, 8), evaluate(20, 8, 'host')
    assert host.items() <= ours.items()
