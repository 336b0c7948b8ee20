"""``actionclip benchmark memory``: the same gradients under every option.

These models are too small to measure; memory of the backward pass is tested in
tests/test_clip/test_recompute.py.
"""

from argparse import Namespace
from pathlib import Path

import pytest
from mmengine.config import Config

from actionclip_mm.cli.benchmark import main
from actionclip_mm.performance.reports import build_steps

CONFIGS = Path(__file__).resolve().parents[2] / 'configs'


@pytest.fixture
def config(shrunken_models, tmp_path):
    path = tmp_path / 'config.py'
    leaf = CONFIGS / 'actionclip' / 'actionclip_vit-b-32_transf_k400_8f.py'
    path.write_text(f'_base_ = {str(leaf)!r}\nmodel = dict(neck=dict(num_layers=1))')
    return path


def test_each_step_has_its_options_and_no_other(config):
    sizes = dict(videos=1, frames=2, classes=3, videos_at_once=1, images_at_once=2, device='cpu')
    steps = build_steps(Config.fromfile(config), Namespace(**sizes))
    for name, step in steps.items():
        model, texts = step.model, step.model.cls_head.label_encoder
        for part in (model.backbone.visual, texts.text, model.neck):
            assert part.transformer.grad_checkpointing is ('with_cp' in name), name
        assert model.backbone.frame_chunk == (2 if 'frame_chunk' in name else None)
        for part in (model, texts):
            assert part.micro_batch_size == (1 if 'micro_batch_size' in name else None)


def test_table(config, capsys):
    sizes = ['--videos', '4', '--frames', '2', '--classes', '3', '--rounds', '1']
    at_once = ['--videos-at-once', '1', '--images-at-once', '2', '--device', 'cpu']
    main(['memory', str(config), *sizes, *at_once])
    lines = capsys.readouterr().out.splitlines()[4:]
    rows = {cells[1].strip(): [float(cell) for cell in cells[2:-1]] for cells in
            (line.split('|') for line in lines)}  # fmt: skip
    assert rows['nothing'][-1] == 0
    assert len(rows) == 6
    assert max(differs for *_, differs in rows.values()) < 1e-5
