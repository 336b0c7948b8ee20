"""``actionclip benchmark`` prints ratios to the plain model."""

import re
from pathlib import Path

import pytest

from actionclip_mm.cli.benchmark import main

CONFIG = (
    Path(__file__).resolve().parents[2] / 'configs/actionclip/actionclip_vit-b-32_transf_k400_8f.py'
)


def test_frozen_towers(shrunken_models, capsys, tmp_path):
    config = tmp_path / 'config.py'
    config.write_text(f'_base_ = {str(CONFIG)!r}\nmodel = dict(neck=dict(num_layers=1))')
    sizes = ['--videos', '2', '--frames', '2', '--classes', '3', '--rounds', '1']
    assert main(['frozen', str(config), '--device', 'cpu', *sizes]) is None
    rows = re.findall(r'\| ([\w, ]+) \| (\d+\.\d+) \| (\d+\.\d+) \|', capsys.readouterr().out)
    memory = {name: float(kept) for name, _, kept in rows}
    assert rows[0] == ('nothing', '1.00', '1.000')
    assert memory['both towers'] < min(memory['text tower'], memory['image tower']) < 1


@pytest.mark.parametrize('report', ['frozen', 'views', 'memory'])
def test_a_config_without_a_label_encoder_is_refused(report, capsys, tmp_path):
    (tmp_path / 'config.py').write_text('model = dict(type="Recognizer2D")')
    with pytest.raises(SystemExit) as error:
        main([report, str(tmp_path / 'config.py')])
    (line,) = capsys.readouterr().err.splitlines()
    assert error.value.code == 2 and 'has no model.cls_head.label_encoder' in line


def test_views_a_few_at_a_time(shrunken_models, capsys, tmp_path):
    config = tmp_path / 'config.py'
    config.write_text(f'_base_ = {str(CONFIG)!r}\nmodel = dict(neck=dict(num_layers=1))')
    sizes = ['--views', '6', '--at-once', '2', '--frames', '2', '--classes', '3', '--rounds', '1']
    assert main(['views', str(config), '--device', 'cpu', *sizes]) is None
    printed = capsys.readouterr().out
    rows = re.findall(r'\| (\d) \| \d+\.\d+ \| (\d+\.\d+) \|', printed)
    assert rows[0] == ('6', '1.000')
    assert rows[1][0] == '2' and float(rows[1][1]) < 0.5
    assert float(re.findall(r'at most (\S+)\.$', printed, re.MULTILINE)[0]) < 1e-6
