"""Table 4, Joint: the tokens of all frames attend together.

python tools/train.py configs/mini/ablations/table4_joint.py
Mini twin of configs/ablations; results: docs/reproduce_mini.md.
"""

_base_ = '../actionclip_mini_transf.py'

model = dict(
    backbone=dict(visual_prompt=dict(type='JointPrompt', num_frames=8)),
    neck=dict(_delete_=True, type='MeanPPrompt'),
)
