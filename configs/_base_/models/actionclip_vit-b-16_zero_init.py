"""ActionCLIP on CLIP ViT-B/16 for few videos, from CLIP's weights alone."""

_base_ = 'actionclip_vit-b-16.py'

# Transf starts as the mean of the frames: it has no weights of its own, and few steps to learn them
model = dict(neck=dict(zero_init=True))
