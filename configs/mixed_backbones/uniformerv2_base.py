"""UniFormerV2 (base, 8 frames), compared with texts instead of classified.

bash tools/dist_train.sh configs/mixed_backbones/uniformerv2_base.py 8
8 GPUs. mmaction2's own config, with a linear head: top-1 84.3 (its model zoo). Not measured here.
"""

_base_ = [
    'mmaction::recognition/uniformerv2/uniformerv2-base-p16-res224_clip_8xb32-u8_kinetics400-rgb.py',
    '../_base_/models/k400_texts.py',
]

model = dict(
    cls_head=dict(
        _delete_=True,
        type='VideoTextHead',
        in_channels=768,
        label_encoder=_base_.label_encoder,
    ),
)

# pytorchvideo, which mmaction2 takes RandAugment from, does not run with today's torchvision
train_pipeline = _base_.train_pipeline
train_pipeline[4] = dict(type='FastTorchVisionWrapper', op='RandAugment', num_ops=4, magnitude=7)
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
