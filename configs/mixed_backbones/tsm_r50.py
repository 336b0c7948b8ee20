"""TSM (ResNet-50, channels move between 8 frames), compared with texts.

bash tools/dist_train.sh configs/mixed_backbones/tsm_r50.py 8
8 GPUs. mmaction2's own config, with a linear head: top-1 73.18 (its model zoo). Not measured here.
"""

_base_ = [
    'mmaction::recognition/tsm/tsm_imagenet-pretrained-r50_8xb16-1x1x8-50e_kinetics400-rgb.py',
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
