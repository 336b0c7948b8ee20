"""Table 2: both towers from random weights.

python tools/train.py configs/mini/ablations/table2_random_both.py
Mini twin of configs/ablations; results: docs/reproduce_mini.md.
"""

_base_ = '../actionclip_mini_transf.py'

model = dict(backbone=dict(pretrained=None))  # the label encoder takes the same CLIP
