"""ActionCLIP on CLIP ViT-B/16."""

_base_ = 'actionclip_vit-b-32.py'

model = dict(backbone=dict(arch='ViT-B-16-quickgelu'))
