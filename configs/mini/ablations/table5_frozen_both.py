"""Table 5: both towers frozen, only the visual prompt learns.

python tools/train.py configs/mini/ablations/table5_frozen_both.py
Mini twin of configs/ablations; results: docs/reproduce_mini.md.
"""

_base_ = '../actionclip_mini_transf.py'

model = dict(
    backbone=dict(frozen_stages='all'),
    cls_head=dict(label_encoder=dict(frozen_stages='all')),
)
