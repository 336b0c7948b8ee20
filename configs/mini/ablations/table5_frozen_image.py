"""Table 5: the image tower frozen.

python tools/train.py configs/mini/ablations/table5_frozen_image.py
Mini twin of configs/ablations; results: docs/reproduce_mini.md.
"""

_base_ = '../actionclip_mini_transf.py'

model = dict(backbone=dict(frozen_stages='all'))
