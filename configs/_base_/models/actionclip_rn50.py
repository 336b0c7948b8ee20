"""ActionCLIP on CLIP ResNet-50."""

_base_ = 'actionclip_vit-b-32.py'

arch = 'RN50-quickgelu'

model = dict(
    backbone=dict(arch=arch),
    neck=dict(in_channels=1024, num_heads=8),  # text width 512 // 64, as in the released code
    cls_head=dict(in_channels=1024, label_encoder=dict(arch=arch)),
)
