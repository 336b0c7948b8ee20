"""SlowFast (ResNet-50, both pathways side by side), compared with texts.

bash tools/dist_train.sh configs/mixed_backbones/slowfast_r50.py 8
8 GPUs. mmaction2's own config, with a linear head: top-1 75.55 (its model zoo). Not measured here.
"""

_base_ = [
    'mmaction::recognition/slowfast/slowfast_r50_8xb8-4x16x1-256e_kinetics400-rgb.py',
    '../_base_/models/k400_texts.py',
]

model = dict(
    cls_head=dict(
        _delete_=True,
        type='VideoTextHead',
        in_channels=2304,  # 2048 + 256
        label_encoder={{_base_.label_encoder}},
    ),
)
