"""The released recipe for videos: 8 frames, augmentation, single-view and multi-view tests.

Data sets add lists, folders and labels: kinetics400.py and others. Augmentation is the same for all
frames of a clip. Frames are resized with antialias, as in the released code; mmaction2's transforms
are `Resize` and `CenterCrop` (docs/differences.md lists all differences from the released recipe).
Tests use the released code's frames (docs/multi_view.md): `test_pipeline` has one view,
`multi_view_pipeline` 10 clips x 3 crops, all clips of a crop in order, crops in the order left
(top), right (bottom), middle.
"""

num_frames = 8

train_pipeline = [
    dict(type='VideoInit'),
    dict(type='SegmentRandomSample', clip_len=num_frames),
    dict(type='VideoDecode'),
    dict(type='CLIPResize', scale=(-1, 256)),
    # torchvision's transforms, drawn once per clip; TorchVisionWrapper is the slow, stock way
    dict(type='FastTorchVisionWrapper', op='RandAugment', num_ops=2, magnitude=9),
    dict(
        type='MultiScaleCrop',
        input_size=224,
        scales=(1, 0.875, 0.75, 0.66),
        num_fixed_crops=13,
    ),
    dict(type='CLIPResize', scale=(224, 224), keep_ratio=False, interpolation='bilinear'),
    dict(type='Flip', flip_ratio=0.5),
    dict(
        type='RandomApply',
        prob=0.8,
        transforms=[
            dict(
                type='FastTorchVisionWrapper',
                op='ColorJitter',
                brightness=0.4,
                contrast=0.4,
                saturation=0.2,
                hue=0.1,
            )
        ],
    ),
    dict(type='FastTorchVisionWrapper', op='RandomGrayscale', p=0.2),
    dict(type='FormatShape', input_format='NCTHW'),
    dict(type='PackActionInputs'),
]
test_pipeline = [
    dict(type='VideoInit'),
    dict(type='SegmentCentreSample', clip_len=num_frames),
    dict(type='VideoDecode'),
    dict(type='CLIPResize', scale=(-1, 256)),
    dict(type='CLIPCenterCrop', crop_size=224),
    dict(type='FormatShape', input_format='NCTHW'),
    dict(type='PackActionInputs'),
]
multi_view_pipeline = [
    dict(type='VideoInit'),
    dict(type='SegmentCentreSample', clip_len=num_frames, num_clips=10),
    dict(type='VideoDecode'),
    dict(type='CLIPResize', scale=(-1, 224)),
    dict(type='ThreeCrop', crop_size=224),
    dict(type='FormatShape', input_format='NCTHW'),
    dict(type='PackActionInputs'),
]

train_dataloader = dict(
    batch_size=32,  # on each of 4 GPUs
    num_workers=8,
    persistent_workers=True,
    drop_last=True,  # the loss compares videos within a batch, so all batches have one size
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(type='RobustVideoDataset', pipeline=train_pipeline),
)
val_dataloader = dict(
    batch_size=32,
    num_workers=8,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(type='RobustVideoDataset', pipeline=test_pipeline, test_mode=True),
)
test_dataloader = val_dataloader

# an unreadable video counts as wrong; each video counts exactly once
val_evaluator = dict(type='CompleteEvaluator', metrics=[dict(type='AccMetric')])
test_evaluator = val_evaluator
