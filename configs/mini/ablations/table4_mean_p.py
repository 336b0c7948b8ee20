"""Table 4, MeanP: the mean of the frames, blind to their order.

python tools/train.py configs/mini/ablations/table4_mean_p.py
Mini twin of configs/ablations; results: docs/reproduce_mini.md.
"""

_base_ = '../actionclip_mini_mean_p.py'
