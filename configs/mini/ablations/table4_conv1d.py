"""Table 4, Conv1D over the frames.

python tools/train.py configs/mini/ablations/table4_conv1d.py
Mini twin of configs/ablations; results: docs/reproduce_mini.md.
"""

_base_ = '../actionclip_mini_transf.py'

model = dict(neck=dict(_delete_=True, type='Conv1DPrompt', zero_init=True))
