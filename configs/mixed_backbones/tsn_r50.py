"""TSN (ResNet-50, 8 frames), compared with texts instead of classified.

bash tools/dist_train.sh configs/mixed_backbones/tsn_r50.py 8
8 GPUs. mmaction2's own config, with a linear head: top-1 74.12 (its model zoo). Not measured here.
"""

_base_ = [
    'mmaction::recognition/tsn/tsn_imagenet-pretrained-r50_8xb32-1x1x8-100e_kinetics400-rgb.py',
    '../_base_/models/k400_texts.py',
]

model = dict(
    cls_head=dict(
        _delete_=True,
        type='VideoTextHead',
        in_channels=2048,
        label_encoder={{_base_.label_encoder}},
    ),
)
