"""Table 3: label words without a template.

python tools/train.py configs/mini/ablations/table3_label_only.py
Mini twin of configs/ablations; results: docs/reproduce_mini.md.
"""

_base_ = '../actionclip_mini_transf.py'

model = dict(cls_head=dict(label_encoder=dict(templates='label_only')))
