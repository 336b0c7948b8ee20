"""ActionCLIP on CLIP ResNet-50."""

_base_ = 'actionclip_vit-b-32.py'

model = dict(backbone=dict(arch='RN50-quickgelu'))
