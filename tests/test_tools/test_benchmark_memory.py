"""tools/analysis/benchmark_memory.py: the same gradients under every option.

Models of this size drown in what a process allocates for itself; what is kept for the backward pass
is tested in tests/test_models/test_utils/test_recompute.py.
"""

from pathlib import Path

CONFIGS = Path(__file__).resolve().parents[2] / 'configs'


def test_table(shrunken_models, load_tool, capsys, tmp_path):
    config = tmp_path / 'config.py'
    leaf = CONFIGS / 'actionclip' / 'actionclip_vit-b-32_transf_k400_8f.py'
    config.write_text(f'_base_ = {str(leaf)!r}\nmodel = dict(neck=dict(num_layers=1))')
    sizes = ['--videos', '4', '--frames', '2', '--classes', '3', '--rounds', '1']
    at_once = ['--videos-at-once', '1', '--images-at-once', '2', '--device', 'cpu']
    main = load_tool('tools/analysis/benchmark_memory.py').main
    assert main([str(config), *sizes, *at_once]) == 0
    lines = capsys.readouterr().out.splitlines()[4:]
    rows = {cells[1].strip(): [float(cell) for cell in cells[2:-1]] for cells in
            (line.split('|') for line in lines)}  # fmt: skip
    assert rows['nothing'][-1] == 0
    assert len(rows) == 6
    assert max(differs for *_, differs in rows.values()) < 1e-5


def test_a_config_without_texts_is_one_sentence(load_tool, capsys, tmp_path):
    (tmp_path / 'config.py').write_text('model = dict(type="Recognizer2D")')
    main = load_tool('tools/analysis/benchmark_memory.py').main
    assert main([str(tmp_path / 'config.py')]) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1
