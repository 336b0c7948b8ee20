"""TimeSformer (divided space-time attention, 8 frames), compared with texts.

bash tools/dist_train.sh configs/mixed_backbones/timesformer.py 8
8 GPUs. mmaction2's own config, with a linear head: top-1 77.69 (its model zoo). Not measured here.
"""

_base_ = [
    'mmaction::recognition/timesformer/timesformer_divST_8xb8-8x32x1-15e_kinetics400-rgb.py',
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
