"""ActionCLIP with MeanP on the mini benchmark: it finds subjects but cannot tell time's order.

python tools/train.py configs/mini/actionclip_mini_mean_p.py

Measured with 5 epochs instead of 8, seed 0: top-1 51.1 %, order of the pairs exactly 50 %: both
clips of a pair give it the same frames, so one of the two is always wrong.
"""

_base_ = ['actionclip_mini_transf.py']

model = dict(neck=dict(_delete_=True, type='MeanPPrompt'))
