"""Every registered row runs at its smallest size, agrees, and names a test that exists."""

import inspect
import math
import re
import subprocess
import sys
from pathlib import Path

import pytest

from actionclip_mm.performance.measuring import ChildProcess, Way
from actionclip_mm.performance.registry import (
    Comparison,
    Options,
    RowSkipped,
    all_rows,
    choose,
    row,
)

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize('name', all_rows())
def test_every_row_runs_and_agrees(name, tmp_path, shrunken_models):
    try:
        comparison = all_rows()[name].prepare(Options(tmp_path, tiny=True))
    except RowSkipped as reason:
        pytest.skip(str(reason))
    for way in comparison.ways:
        if way.prepare:
            way.prepare()
        if not isinstance(way.call, ChildProcess):
            way.call()
    assert comparison.difference is None or not math.isnan(comparison.difference)
    path, _, function = comparison.test.partition('::')
    assert f'def {function}(' in (ROOT / path).read_text()


def test_listing_rows_imports_nothing_heavy():
    code = (
        'import sys; sys.argv[0] = "actionclip"\n'
        'from actionclip_mm.performance.registry import all_rows; all_rows()\n'
        'print({"torch", "numpy", "mmengine", "cv2", "av"} & sys.modules.keys())'
    )
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == 'set()'


def test_names_are_unique_and_chosen_by_how_they_begin():
    names = list(all_rows())
    assert [entry.name for entry in choose([])] == names
    assert choose([names[0]])[0].name == names[0]
    with pytest.raises(ValueError, match=f"No row is named 'gone': choose from {names[0]}"):
        choose(['gone'])
    with pytest.raises(ValueError, match='two rows named'):
        row(names[0], 'again')(lambda options: Comparison([Way('a', int)], None, ''))


def test_names_are_words_for_the_command_line():
    for name, entry in all_rows().items():
        assert re.fullmatch(r'[a-z0-9]+(-[a-z0-9]+)*', name)
        assert not entry.title.endswith('.')
        assert 'options' in inspect.signature(entry.prepare).parameters
