"""tools/analysis/reproduce_mini.py: tables, reuse of finished runs, existing configs."""

import json

import pytest
from mmengine.config import Config


@pytest.fixture
def tool(load_tool):
    return load_tool('tools/analysis/reproduce_mini.py')


@pytest.fixture
def tables(load_tool):
    return load_tool('tools/analysis/_mini_tables.py')


def test_every_row_has_a_config(tool):
    for _, rows in tool.TABLES.values():
        for row in rows:
            config = Config.fromfile(tool.path_of(row.config))
            assert config.param_scheduler[1].type == 'CosineAnnealingLR'  # --epochs sets its end


def test_finished_runs_are_reused(tool, tmp_path, monkeypatch):
    folder = tmp_path / f'table4_mean_p-{tool.digest("table4_mean_p", 5)}' / 'seed0'
    folder.mkdir(parents=True)
    (folder / 'result.json').write_text(json.dumps({'acc/top1': 0.5}))
    monkeypatch.setattr(tool.subprocess, 'Popen', lambda *a, **k: pytest.fail('ran again'))
    assert tool.run('table4_mean_p', 0, 5, tmp_path) == {'acc/top1': 0.5}


def test_recipes_have_their_own_folders(tool):
    digests = [tool.digest('table4_mean_p', 5), tool.digest('table4_mean_p', 8)]
    assert len({*digests, tool.digest('table4_lstm', 5)}) == 3
    assert digests[0] == tool.digest('table4_mean_p', 5)


def test_the_report(tables, tmp_path):
    _, rows = tables.TABLES[4]
    results = {
        row.config: [
            {'acc/top1': 0.3 + 0.1 * i + 0.02 * seed, 'order/accuracy': 0.5} for seed in (0, 1)
        ]
        for i, row in enumerate(rows)
    }
    tables.write_report([4], results, '5 epochs per run.', tmp_path / 'report.md')
    text = (tmp_path / 'report.md').read_text()
    assert '| Joint (pre-network) | 31.0 ± 1.0 | 50.0 ± 0.0 | 74.37 |' in text
    assert '5 epochs per run.' in text
    # the paper: Shift < Joint < Conv1D < LSTM < MeanP < Transf_cls < Transf; here in table order
    assert 'Pairs ordered as in the paper: 17 of 21.' in text
    not_reproduced = ' '.join(text.split('Not reproduced')[1].split())
    assert 'Shift (in-network) < Joint (pre-network)' in not_reproduced
    assert (tmp_path / 'report_table4.png').stat().st_size > 5000


def test_unknown_table(tool, capsys):
    with pytest.raises(SystemExit):
        tool.main(['--tables', '7'])
    assert '--tables must be from [1, 2, 3, 4, 5], got 7' in capsys.readouterr().err
