"""Clips of the mini benchmark, 8 frames each: actionclip prepare mini.

Frames of 64x64 are resized by mmaction2's Resize, without antialias: the mini CLIP was trained and
all numbers were measured on such frames.
"""

root = 'data/mini/'
frames = 8

train_pipeline = [
    dict(type='VideoInit'),
    dict(type='UniformSample', clip_len=frames),
    dict(type='VideoDecode'),
    dict(type='Resize', scale=(40, 40), keep_ratio=False),
    dict(type='FormatShape', input_format='NCTHW'),
    dict(type='PackActionInputs'),
]
test_pipeline = [
    dict(type='VideoInit'),
    dict(type='UniformSample', clip_len=frames, test_mode=True),
    dict(type='VideoDecode'),
    dict(type='Resize', scale=(40, 40), keep_ratio=False),
    dict(type='FormatShape', input_format='NCTHW'),
    dict(type='PackActionInputs'),
]

train_dataloader = dict(
    batch_size=32,
    num_workers=1,
    persistent_workers=True,
    drop_last=True,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        type='RobustVideoDataset',
        ann_file=root + 'train.txt',
        data_prefix=dict(video=root + 'videos'),
        pipeline=train_pipeline,
    ),
)
val_dataloader = dict(
    batch_size=32,
    num_workers=1,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='RobustVideoDataset',
        ann_file=root + 'val.txt',
        data_prefix=dict(video=root + 'videos'),
        pipeline=test_pipeline,
        test_mode=True,
    ),
)
test_dataloader = val_dataloader

val_evaluator = dict(
    type='CompleteEvaluator',
    metrics=[
        dict(type='AccMetric'),
        dict(type='OrderPairAccuracy', pairs=root + 'order_pairs_seen.txt'),
    ],
)
test_evaluator = val_evaluator
