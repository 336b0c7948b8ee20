"""ActionCLIP on CLIP ViT-L/14."""

_base_ = 'actionclip_vit-b-32.py'

model = dict(backbone=dict(arch='ViT-L-14-quickgelu'))
