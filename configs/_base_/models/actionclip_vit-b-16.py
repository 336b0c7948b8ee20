"""ActionCLIP on CLIP ViT-B/16."""

_base_ = 'actionclip_vit-b-32.py'

arch = 'ViT-B-16-quickgelu'

model = dict(
    backbone=dict(arch=arch),
    neck=dict(in_channels=512),
    cls_head=dict(in_channels=512, label_encoder=dict(arch=arch)),
)
