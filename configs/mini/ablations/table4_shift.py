"""Table 4, Shift: channels move between frames before every block.

python tools/train.py configs/mini/ablations/table4_shift.py
Mini twin of configs/ablations; results: docs/reproduce_mini.md.
"""

_base_ = '../actionclip_mini_transf.py'

model = dict(
    backbone=dict(visual_prompt=dict(type='ShiftPrompt')),
    neck=dict(_delete_=True, type='MeanPPrompt'),
)
