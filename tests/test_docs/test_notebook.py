"""The notebook runs from its first to its last cell and prints what it shows."""

import io
import json
from contextlib import redirect_stdout
from pathlib import Path

import pytest

NOTEBOOK = Path(__file__).resolve().parents[2] / 'docs' / 'tutorials' / 'zero_shot.ipynb'


def test_cells_print_what_the_notebook_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # it does not depend on the folder
    names: dict = {}
    cells = json.loads(NOTEBOOK.read_text(encoding='utf-8'))['cells']
    for number, cell in enumerate(cells):
        if cell['cell_type'] != 'code':
            continue
        printed = io.StringIO()
        with redirect_stdout(printed):
            exec(compile(''.join(cell['source']), f'cell {number}', 'exec'), names)
        shown = ''.join(text for output in cell['outputs'] for text in output['text'])
        lines = printed.getvalue().splitlines(keepends=True)
        said = ''.join(line for line in lines if ' - mmengine - ' not in line)  # its log
        assert said == shown, f'cell {number}'
