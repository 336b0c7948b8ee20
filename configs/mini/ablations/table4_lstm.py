"""Table 4, LSTM over the frames.

python tools/train.py configs/mini/ablations/table4_lstm.py
Mini twin of configs/ablations; results: docs/reproduce_mini.md.
"""

_base_ = '../actionclip_mini_transf.py'

model = dict(neck=dict(_delete_=True, type='LSTMPrompt', zero_init=True))
