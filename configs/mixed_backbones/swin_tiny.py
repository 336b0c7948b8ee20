"""Video Swin (tiny, 32 frames), compared with texts instead of classified.

bash tools/dist_train.sh configs/mixed_backbones/swin_tiny.py 8
8 GPUs. mmaction2's own config, with a linear head: top-1 78.90 (its model zoo). Not measured here.
"""

_base_ = [
    'mmaction::recognition/swin/swin-tiny-p244-w877_in1k-pre_8xb8-amp-32x2x1-30e_kinetics400-rgb.py',
    '../_base_/models/k400_texts.py',
]

model = dict(
    cls_head=dict(
        _delete_=True,
        type='VideoTextHead',
        in_channels=768,
        label_encoder={{_base_.label_encoder}},
    ),
)
