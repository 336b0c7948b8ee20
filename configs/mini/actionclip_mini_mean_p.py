"""ActionCLIP with MeanP on the mini benchmark: it finds subjects but cannot tell time's order.

python tools/train.py configs/mini/actionclip_mini_mean_p.py
"""

_base_ = ['actionclip_mini_transf.py']

model = dict(neck=dict(_delete_=True, type='MeanPPrompt', in_channels=128))
