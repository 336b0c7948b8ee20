"""Table 2: the text tower from random weights.

python tools/train.py configs/mini/ablations/table2_random_text.py
Mini twin of configs/ablations; results: docs/reproduce_mini.md.
"""

_base_ = '../actionclip_mini_transf.py'

model = dict(cls_head=dict(label_encoder=dict(pretrained=None)))
