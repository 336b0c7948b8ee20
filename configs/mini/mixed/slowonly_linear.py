"""mmaction2's SlowOnly on the mini benchmark with its own linear head, from random weights.

python tools/train.py configs/mini/mixed/slowonly_linear.py
About 4.5 minutes on one core. Measured, seed 0: top-1 23.6 % of 60 classes, order of the
pairs 58.7 %. docs/mixed_backbones.md compares.
"""

_base_ = [
    '../../_base_/models/mini_slowonly.py',
    '../../_base_/datasets/mini_clips.py',
    '../../_base_/schedules/mini.py',
    '../../_base_/default_runtime.py',
]

train_pipeline, test_pipeline = _base_.train_pipeline, _base_.test_pipeline
train_pipeline[1].clip_len = test_pipeline[1].clip_len = 4  # as in mmaction2's SlowOnly
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=test_pipeline))
test_dataloader = val_dataloader

epochs = 12
train_cfg = dict(max_epochs=epochs, val_interval=4)
# nothing is pre-trained
optim_wrapper = dict(paramwise_cfg=dict(custom_keys={'backbone': dict(lr_mult=5.0)}))
param_scheduler = _base_.param_scheduler
param_scheduler[1].end = epochs
