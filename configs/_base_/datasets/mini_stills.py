"""Captioned stills of the mini benchmark: actionclip prepare mini --stills 20000."""

pipeline = [
    dict(type='ImageDecode'),
    dict(type='Resize', scale=(40, 40), keep_ratio=False),
    dict(type='FormatShape', input_format='NCTHW'),
    dict(type='PackActionInputs', meta_keys=('img_shape', 'captions')),
]

train_dataloader = dict(
    batch_size=128,
    num_workers=1,
    persistent_workers=True,
    drop_last=True,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        type='ImageTextDataset',
        ann_file='data/mini/captions_train.jsonl',
        data_prefix=dict(img='data/mini/stills'),
        pipeline=pipeline,
    ),
)
val_dataloader = dict(
    batch_size=128,
    num_workers=1,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='ImageTextDataset',
        ann_file='data/mini/captions_val.jsonl',
        data_prefix=dict(img='data/mini/stills'),
        labels='data/mini/labels_captions.txt',
        pipeline=pipeline,
        test_mode=True,
    ),
)
test_dataloader = val_dataloader

# a label is one attribute; many are true of an image, so precision is averaged over the labels
val_evaluator = dict(type='AccMetric', metric_list=('mean_average_precision',))
test_evaluator = val_evaluator
