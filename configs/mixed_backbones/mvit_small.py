"""MViTv2 (small, 16 frames), compared with texts instead of classified.

bash tools/dist_train.sh configs/mixed_backbones/mvit_small.py 8
8 GPUs (mmaction2: 32). Its own config, with a linear head: top-1 80.6 (its model zoo). Not measured
here.
"""

_base_ = [
    'mmaction::recognition/mvit/mvit-small-p244_32xb16-16x4x1-200e_kinetics400-rgb.py',
    '../_base_/models/k400_texts.py',
]

model = dict(
    cls_head=dict(
        _delete_=True,
        type='VideoTextHead',
        in_channels=768,
        label_encoder=_base_.label_encoder,
    ),
    data_preprocessor=dict(blending=None),  # no sentence describes two mixed videos
)

# pytorchvideo, which mmaction2 takes RandAugment from, does not run with today's torchvision
train_pipeline = _base_.train_pipeline
train_pipeline[4] = dict(type='FastTorchVisionWrapper', op='RandAugment', num_ops=4, magnitude=7)
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
