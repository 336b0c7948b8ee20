"""Table 7 of the paper: operations as published, to 2 %."""

import re

import pytest
import torch
from torch import nn

from actionclip_mm.cli.benchmark import main
from actionclip_mm.performance.complexity import count_cost, count_macs, matrix_peak
from actionclip_mm.performance.table7 import PUBLISHED, build


@pytest.mark.parametrize('arch, frames', PUBLISHED)
def test_operations_are_those_of_the_paper(arch, frames):
    cost = count_cost(build(arch), frames)
    assert cost.video / 1e9 == pytest.approx(PUBLISHED[arch, frames], rel=0.02)
    assert cost.sentence / 1e9 == pytest.approx(2.98, rel=0.02)  # 12 blocks of width 512, 77 tokens


def test_attention_is_counted():
    tokens, width = 10, 64
    attention = nn.MultiheadAttention(width, 4, batch_first=True, device='meta')
    x = torch.empty(1, tokens, width, device='meta')
    macs = count_macs(attention, x, x, x, need_weights=False)
    assert macs == 4 * tokens * width**2 + 2 * tokens**2 * width


def test_peak_is_positive():
    assert matrix_peak('cpu', torch.float32, size=64, seconds=0.01) > 0


def test_table(shrunken_models, capsys):
    sizes = ['--arch', 'ViT-B-32', '--frames', '2', '--rounds', '1', '--threads', '1']
    assert main(['table7', *sizes, '--device', 'cpu']) is None
    *_, row = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r'\| ViT-B-32 \| 2 \| [\d.]+ \|  \| [\d.]+ \|.*%.*\|', row)
