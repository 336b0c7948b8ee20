"""R(2+1)D (ResNet-34, 8 frames), compared with texts instead of classified.

bash tools/dist_train.sh configs/mixed_backbones/r2plus1d_r34.py 8
8 GPUs. mmaction2's own config, with a linear head: top-1 69.76 (its model zoo). Not measured here.
"""

_base_ = [
    'mmaction::recognition/r2plus1d/r2plus1d_r34_8xb8-8x8x1-180e_kinetics400-rgb.py',
    '../_base_/models/k400_texts.py',
]

model = dict(
    cls_head=dict(
        _delete_=True,
        type='VideoTextHead',
        in_channels=512,
        label_encoder={{_base_.label_encoder}},
    ),
)
