"""ActionCLIP on CLIP ViT-L/14."""

_base_ = 'actionclip_vit-b-32.py'

arch = 'ViT-L-14-quickgelu'

model = dict(
    backbone=dict(arch=arch),
    neck=dict(in_channels=768, num_heads=12),
    cls_head=dict(in_channels=768, label_encoder=dict(arch=arch)),
)
