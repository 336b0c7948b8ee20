"""K videos of each class of the mini benchmark, MeanP from the mini CLIP; else as with Transf.

python tools/run_protocol.py mini_few_shot_k4 \
    --config configs/mini/actionclip_mini_mean_p_few_shot.py

On 2 cores. Half of each order pair is out of its reach, see actionclip_mini_mean_p.py. Measured,
seed 0: top-1 41.4 % with K = 1 to 47.5 % with K = 8 (docs/few_shot_mini.md).
"""

_base_ = 'actionclip_mini_transf_few_shot.py'

model = dict(neck=dict(_delete_=True, type='MeanPPrompt'))
