"""TSN (3 frames) on timm's Swin, compared with texts instead of classified.

bash tools/dist_train.sh configs/mixed_backbones/timm_swin_base.py 8
8 GPUs. mmaction2's own config, with a linear head: top-1 77.03 (its model zoo). Not measured here.
"""

_base_ = [
    'mmaction::recognition/tsn/custom_backbones/tsn_imagenet-pretrained-swin-transformer_8xb32-1x1x3-100e_kinetics400-rgb.py',
    '../_base_/models/k400_texts.py',
]

model = dict(
    cls_head=dict(
        _delete_=True,
        type='VideoTextHead',
        in_channels=1024,
        label_encoder={{_base_.label_encoder}},
    ),
)
