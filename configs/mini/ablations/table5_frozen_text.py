"""Table 5: the text tower frozen.

python tools/train.py configs/mini/ablations/table5_frozen_text.py
Mini twin of configs/ablations; results: docs/reproduce_mini.md.
"""

_base_ = '../actionclip_mini_transf.py'

model = dict(cls_head=dict(label_encoder=dict(frozen_stages='all')))
