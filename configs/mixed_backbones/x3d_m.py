"""X3D-M (16 frames), compared with texts; mmaction2 only tests it, so data and schedule are ours.

bash tools/dist_train.sh configs/mixed_backbones/x3d_m.py 8
8 GPUs. mmaction2's own test, with a linear head: top-1 76.4 (its model zoo). Not measured here.
"""

_base_ = [
    'mmaction::_base_/models/x3d.py',
    'mmaction::_base_/default_runtime.py',
    '../_base_/datasets/kinetics400.py',
    '../_base_/schedules/adamw_50e.py',
    '../_base_/models/k400_texts.py',
]

from actionclip_mm.utils.data_configs import set_num_frames

set_num_frames(_base_, 16)

model = dict(
    cls_head=dict(
        _delete_=True,
        type='VideoTextHead',
        in_channels=432,
        label_encoder={{_base_.label_encoder}},
    ),
)
# nothing but the text tower is pre-trained: the rate of CLIP's towers is too low, and one for all
optim_wrapper = dict(
    optimizer=dict(lr=1e-3),
    paramwise_cfg=dict(custom_keys={'cls_head.projection': dict(lr_mult=1.0)}),
)
