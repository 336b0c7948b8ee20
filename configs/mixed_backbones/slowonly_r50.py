"""SlowOnly (ResNet-50, 4 frames), compared with texts instead of classified.

bash tools/dist_train.sh configs/mixed_backbones/slowonly_r50.py 8
8 GPUs. mmaction2's own config, with a linear head and 10 clips x 3 crops: top-1 72.97 (mmaction2's
README of SlowOnly; its metafile has 72.68). Not measured here.
"""

_base_ = [
    'mmaction::recognition/slowonly/slowonly_r50_8xb16-4x16x1-256e_kinetics400-rgb.py',
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
