"""Table 2: the image tower from random weights.

python tools/train.py configs/mini/ablations/table2_random_image.py
Mini twin of configs/ablations; results: docs/reproduce_mini.md.
"""

_base_ = '../actionclip_mini_transf.py'

model = dict(
    backbone=dict(pretrained=None),
    cls_head=dict(label_encoder=dict(pretrained='data/mini_clip/mini_clip.safetensors')),
)
